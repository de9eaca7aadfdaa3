"""A stand-in for training that prints ten lines a second for as long as its budget says."""

import json
import os
import time

LR = 0.01
WIDTH = 32

LINES_PER_SECOND = 10

deadline = time.monotonic() + float(os.environ["PRAXTUI_BUDGET_S"])
step = 0
while time.monotonic() < deadline:
    step += 1
    print(f"step: {step} | loss: {1 / step:.4f} | lr: {LR:.6f} | tokens_per_second: 12345", flush=True)
    time.sleep(1 / LINES_PER_SECOND)
os.makedirs("out", exist_ok=True)
with open("out/score.json", "w") as file:
    json.dump(WIDTH * LR, file)
