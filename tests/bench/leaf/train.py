"""A stand-in for training: half a second, a line of output every 50 ms, and a score with true noise."""

import json
import math
import os
import random
import time

LR = 0.01
WIDTH = 32
DEPTH = 2
DROPOUT = 0.1
MOMENTUM = 0.5
WARMUP = 10
DECAY = 0.01
CLIP = 1.0

STEPS = 8
STEP_SECONDS = 0.05

rng = random.Random(int(os.environ.get("PRAXTUI_SEED", "0")))
score = -abs(math.log10(LR) + 3.2) - abs(WIDTH - 64) / 160 - abs(DEPTH - 4) / 10 - abs(DROPOUT - 0.3)
score -= abs(MOMENTUM - 0.9) + abs(math.log2(max(WARMUP, 1)) - 5) / 20
score -= abs(math.log10(DECAY) + 1) / 10 + abs(CLIP - 2) / 20
for step in range(STEPS):
    time.sleep(STEP_SECONDS)
    print(f"step: {step + 1} | loss: {math.exp(-score) / (step + 1):.4f}")
os.makedirs("out", exist_ok=True)
with open("out/score.json", "w") as file:
    json.dump(score + rng.gauss(0, 0.02), file)
