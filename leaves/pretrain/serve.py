"""The model's process: build the model, load its weights as data, answer windows of tokens with log-probabilities.

Started by evaluate.py as `python -I serve.py REPLY_FD LEAF PRESET VOCABULARY`. Two kinds of request, all numbers
little endian:

- `W`, then N and T (uint32), then N x (T + 1) tokens (uint16). Each window's first T tokens go through the model; the
answer is N x T float32, the log-probability of the token that follows each. The full distributions are kept. - `R`,
then M pairs (window, position) (uint32). The answer is M x VOCABULARY float32: those full distributions.

The evaluator names the rows only after it has the first answer, so what was claimed must stand up to what is shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from child import execute, explain, freeze, preload, read_frame, read_lever, write_frame


@torch.inference_mode()
def main(descriptor: int, leaf: Path, preset: str, vocabulary: int) -> None:
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    source, imports = read_lever(leaf / "train.py")
    with np.load(leaf / "out" / "model.npz", allow_pickle=False) as stored:
        weights = {name: torch.from_numpy(stored[name]) for name in stored.files}
    preload(imports, {"numpy", "torch"})
    if device == "cpu":  # CUDA's libraries open their own files when they are first used
        sys.path.clear()
        freeze()
    lever = execute(source, "train")
    model = lever.build(preset, vocabulary)
    model.load_state_dict(weights)
    model.to(device).eval()
    kept = torch.empty(0)
    while (request := read_frame()) is not None:
        numbers = memoryview(request)[1:]
        if request[:1] == b"W":
            count, length = np.frombuffer(numbers[:8], dtype="<u4").tolist()
            window = np.frombuffer(numbers[8:], dtype="<u2").astype(np.int64).reshape(count, length + 1)
            tokens = torch.from_numpy(window).to(device)
            with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
                logits = model(tokens[:, :-1])
            if logits.shape != (count, length, vocabulary):
                due = (count, length, vocabulary)
                raise ValueError(f"the model returned the shape {tuple(logits.shape)} where {due} is due")
            kept = logits.float().log_softmax(-1)
            answer = kept.gather(2, tokens[:, 1:, None])[..., 0]
        else:
            window_at, position = (
                torch.from_numpy(np.frombuffer(numbers, dtype="<u4").astype(np.int64)).reshape(-1, 2).T
            )
            answer = kept[window_at.to(device), position.to(device)]
        write_frame(descriptor, answer.cpu().contiguous().numpy().tobytes())


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    except Exception as problem:
        print("\n" + explain(problem, "train.py"), file=sys.stderr)
        sys.exit(1)
