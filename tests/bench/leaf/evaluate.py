"""Prints the score that the run left behind."""

import json

with open("out/score.json") as file:
    print(f"score: {json.load(file):.6f}")
