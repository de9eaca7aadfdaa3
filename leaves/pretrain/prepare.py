"""Make the corpus and its tokenizer.

Where the text comes from: `--corpus PATH` or PRETRAIN_CORPUS (a .txt or .jsonl file, or a folder of them); else, with
a GPU, the first part of TinyStories from the network; else, and where the network fails, the source text of this
Python's standard library.

Two presets. `tiny` (no GPU): the tokens are the bytes. `full`: a byte-level BPE with VOCABULARY tokens, trained here.
Documents are split by the hash of their text (of their path, for source files) into train, val and holdout.

Into PRAXTUI_DATA (by hand: `./data`) go `train.bin`, `evaluation/val.bin`, `evaluation/holdout.bin` (tokens; every
document ends with a NUL), `token_bytes.npy` (how many bytes each token stands for) and, last, `corpus.json`. What lies
in `evaluation/` is for evaluate.py alone: a confined run does not see it.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import io
import json
import os
import re
import sys
import sysconfig
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("PRAXTUI_DATA") or Path(__file__).resolve().parent / "data")
EVALUATION = DATA / "evaluation"

URL = "https://huggingface.co/datasets/roneneldan/TinyStories/resolve/main/TinyStoriesV2-GPT4-train.txt"
FETCHED = 400_000_000  # bytes of it
FETCH_PATIENCE = 30.0  # seconds without an answer before the network counts as absent
DOCUMENT_END = b"<|endoftext|>"  # between the documents of a .txt file that has it; else blocks of BLOCK bytes
BLOCK = 16_384

HELD_OUT = 16  # of 256 documents, this many go to val, as many to holdout
MOST_HELD_OUT = 8_000_000  # bytes of val, and of holdout
LEAST = 1_000_000  # bytes; a smaller corpus teaches nothing

TOKENS = 600_000  # tiny preset: the training budget, some 20 s of one thread; PRETRAIN_TOKENS to try things out by hand
VOCABULARY = 4_096
SAMPLE = 20_000_000  # bytes of the training text that the tokenizer is trained on
WORD = re.compile(rb" ?[A-Za-z\x80-\xff]+|[0-9]{1,2}| ?[^\sA-Za-z0-9\x80-\xff]+|\s+")

LARGEST_FILE = 200_000  # bytes; of the standard library
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "encodings", "pydoc_data"}

Document = tuple[bytes, bytes]  # what its hash is taken of, its text


def library() -> Iterator[Document]:
    """The source files of this Python's standard library; generated tables and tests are left out."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if LEFT_OUT.isdisjoint(name.parts) and not path.name.startswith("_sysconfigdata") and path.is_file():
            text = path.read_bytes()
            if len(text) <= LARGEST_FILE:
                yield name.as_posix().encode(), text


def in_text(content: bytes) -> Iterator[Document]:
    """The documents of a plain text."""
    if DOCUMENT_END in content[:1_000_000]:
        pieces = [piece.strip() for piece in content.split(DOCUMENT_END)]
    else:
        pieces, start = [], 0
        while start < len(content):
            end = content.find(b"\n", start + BLOCK) + 1 or len(content)
            pieces.append(content[start:end])
            start = end
    yield from ((piece, piece) for piece in pieces if piece)


def in_json_lines(content: bytes, where: str) -> Iterator[Document]:
    """The `text` (or `content`) of every line."""
    for number, line in enumerate(io.BytesIO(content), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            text = (entry if isinstance(entry, str) else entry.get("text") or entry["content"]).encode()
        except (ValueError, KeyError, AttributeError):
            sys.exit(f'prepare.py: {where} line {number} is no JSON object with a "text"')
        yield text, text


def in_files(corpus: Path) -> Iterator[Document]:
    """The documents of a .txt or .jsonl file, or of a folder of them."""
    files = sorted(corpus.rglob("*")) if corpus.is_dir() else [corpus]
    wanted = [path for path in files if path.is_file() and path.suffix in {".txt", ".jsonl"}]
    if not wanted:
        sys.exit(f"prepare.py: the corpus {corpus} is no .txt or .jsonl file, and no folder that holds any")
    for path in wanted:
        content = path.read_bytes()
        yield from in_json_lines(content, str(path)) if path.suffix == ".jsonl" else in_text(content)


def fetched() -> list[Document] | None:
    """TinyStories, the first part; None where the network does not give it."""
    request = urllib.request.Request(URL, headers={"Range": f"bytes=0-{FETCHED - 1}", "User-Agent": "pretrain-leaf"})
    print(f"fetching {FETCHED / 1e6:.0f} MB from {URL}", flush=True)
    try:
        with urllib.request.urlopen(request, timeout=FETCH_PATIENCE) as answer:
            content = answer.read(FETCHED)
    except (OSError, ValueError) as problem:
        print(f"not fetched: {problem}. Give a corpus with --corpus PATH; until then, the standard library serves.")
        return None
    return list(in_text(content[: content.rfind(DOCUMENT_END)]))


def choose(corpus: str | None, preset: str) -> tuple[str, Iterator[Document]]:
    """(where the text comes from, its documents)."""
    if corpus:
        path = Path(corpus).expanduser()
        if not path.exists():
            sys.exit(f"prepare.py: there is no corpus {path}")
        return str(path), in_files(path)
    stories = fetched() if preset == "full" else None
    return (URL, iter(stories)) if stories else ("standard library", library())


def split(documents: Iterator[Document]) -> dict[str, bytes]:
    """The texts of train, val and holdout; each document ends with a NUL."""
    parts: dict[str, list[tuple[bytes, bytes]]] = {"train": [], "val": [], "holdout": []}
    held_out = dict.fromkeys(parts, 0)
    for key, text in documents:
        digest = hashlib.sha1(key, usedforsecurity=False).digest()
        name = "val" if digest[0] < HELD_OUT else "holdout" if digest[0] < 2 * HELD_OUT else "train"
        if name == "train" or held_out[name] < MOST_HELD_OUT:
            parts[name].append((digest, text.replace(b"\0", b" ")))
            held_out[name] += len(text)
    # The order of the hashes mixes sources and topics, the same way everywhere.
    return {name: b"".join(text + b"\0" for _, text in sorted(part)) for name, part in parts.items()}


def learn_merges(sample: bytes, vocabulary: int) -> list[tuple[int, int]]:
    """Byte pair encoding (Sennrich et al. 2016): join the most frequent pair of tokens until there are `vocabulary`."""
    counted = Counter(WORD.findall(sample))
    words, counts = [list(word) for word in counted], list(counted.values())
    frequency: Counter[tuple[int, int]] = Counter()
    where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for number, word in enumerate(words):
        for pair in pairwise(word):
            frequency[pair] += counts[number]
            where[pair].add(number)
    heap = [(-count, pair) for pair, count in frequency.items()]
    heapq.heapify(heap)
    merges: list[tuple[int, int]] = []
    while heap and 256 + len(merges) < vocabulary:
        count, pair = heapq.heappop(heap)
        if frequency[pair] != -count:  # an outdated entry: its pair has been counted anew since
            continue
        merges.append(pair)
        changed: Counter[tuple[int, int]] = Counter()
        for number in where.pop(pair):
            old = words[number]
            words[number] = new = join(old, pair, 255 + len(merges))
            for gone in pairwise(old):
                changed[gone] -= counts[number]
            for come in pairwise(new):
                changed[come] += counts[number]
                where[come].add(number)
        for touched, difference in changed.items():
            frequency[touched] += difference
            if difference and frequency[touched] > 0:
                heapq.heappush(heap, (-frequency[touched], touched))
    return merges


def join(word: list[int], pair: tuple[int, int], token: int) -> list[int]:
    """The word with `token` wherever the pair stood."""
    joined, at = [], 0
    while at < len(word):
        if word[at] == pair[0] and at + 1 < len(word) and word[at + 1] == pair[1]:
            joined.append(token)
            at += 2
        else:
            joined.append(word[at])
            at += 1
    return joined


class Encoded(dict[bytes, bytes]):
    """Words to their tokens (uint16, packed), each worked out when it first occurs."""

    def __init__(self, merges: list[tuple[int, int]]) -> None:
        self.rank = {pair: number for number, pair in enumerate(merges)}

    def __missing__(self, word: bytes) -> bytes:
        tokens, last = list(word), len(self.rank)
        while len(tokens) > 1:
            pair = min(pairwise(tokens), key=lambda pair: self.rank.get(pair, last))
            if pair not in self.rank:
                break
            tokens = join(tokens, pair, 256 + self.rank[pair])
        self[word] = packed = np.array(tokens, dtype="<u2").tobytes()
        return packed


def write(path: Path, content: bytes) -> None:
    """Write all of `content` or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def tokenize(texts: dict[str, bytes], preset: str) -> tuple[dict[str, bytes], list[int]]:
    """(the packed tokens of each text, how many bytes each token of the vocabulary stands for)."""
    lengths = [1] * 256
    if preset == "tiny":
        return texts, lengths
    merges = learn_merges(texts["train"][:SAMPLE], VOCABULARY)
    for left, right in merges:
        lengths.append(lengths[left] + lengths[right])
    encoded = Encoded(merges)
    print(f"tokenizer: {len(lengths)} tokens", flush=True)
    return {
        name: b"".join(encoded[match.group()] for match in WORD.finditer(text)) for name, text in texts.items()
    }, lengths


def has_gpu() -> bool:
    import torch  # seconds to import, and not needed where the preset is given

    return torch.cuda.is_available()


def main() -> None:
    arguments = argparse.ArgumentParser(description="Make the corpus and its tokenizer.")
    arguments.add_argument("--corpus", default=os.environ.get("PRETRAIN_CORPUS"))
    arguments.add_argument("--preset", choices=["tiny", "full"], default=os.environ.get("PRETRAIN_PRESET"))
    given = arguments.parse_args()
    if (DATA / "corpus.json").exists() and EVALUATION.is_dir():
        print(f"corpus is ready in {DATA}")
        return
    preset = given.preset or ("full" if has_gpu() else "tiny")
    source, documents = choose(given.corpus, preset)
    texts = split(documents)
    size = sum(map(len, texts.values()))
    if size < LEAST or not texts["val"] or not texts["holdout"]:
        sys.exit(
            f"prepare.py: {source} gave {size} bytes of text; at least {LEAST} are needed, in some hundred documents"
        )
    tokens, lengths = tokenize(texts, preset)
    EVALUATION.mkdir(parents=True, exist_ok=True)
    kind = "uint8" if preset == "tiny" else "uint16"
    budget = int(os.environ.get("PRETRAIN_TOKENS") or TOKENS)
    facts = {"preset": preset, "source": source, "vocabulary": len(lengths), "dtype": kind, "tokens": budget}
    for name, packed in tokens.items():
        write((DATA if name == "train" else EVALUATION) / f"{name}.bin", packed)
        print(f"{name}: {len(texts[name]) / 1e6:.2f} MB, {len(packed) // np.dtype(kind).itemsize} tokens")
    np.save(DATA / "token_bytes.npy", np.array(lengths, dtype=np.uint16))
    print(f"corpus: {source}, preset {preset}")
    write(DATA / "corpus.json", json.dumps(facts, indent=1).encode())


if __name__ == "__main__":
    main()
