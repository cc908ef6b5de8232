#!/usr/bin/env python3
"""Verifies an exported operation log (audit.md) with Python's hashlib and OpenSSL alone.

    python3 verify-audit.py EXPORT keeper.pub

It is here to be read: a second, independent implementation of the format. `sesshu audit verify` is the fast one.
"""
import base64, hashlib, os, subprocess, sys, tempfile


def sha(data):
    return hashlib.sha256(data).digest()


def grow(roots, size, leaf):
    """Adds a leaf to the roots of a tree's full subtrees, as one adds 1 to a binary number."""
    while size % 2:
        leaf, size = sha(b"\x01" + roots.pop() + leaf), size // 2
    roots.append(leaf)


def root(roots):
    whole = roots[-1]
    for left in reversed(roots[:-1]):
        whole = sha(b"\x01" + left + whole)
    return whole


def signed(note, key_file):
    """Origin, size and root of a C2SP checkpoint, if the key has signed it."""
    text, signature = note.split("\n\n")
    origin, size, root_base64 = text.split("\n")
    dash, name, blob = signature.strip().split(" ")
    blob = base64.b64decode(blob, validate=True)
    der = base64.b64decode("".join(open(key_file).read().split("\n")[1:-2]))
    key_id = sha(name.encode() + b"\n\x01" + der[-32:])[:4]
    assert dash == "\u2014" and name == origin and blob[:4] == key_id, "signed with another key"
    with tempfile.TemporaryDirectory() as folder:
        for part, data in [("text", text.encode() + b"\n"), ("signature", blob[4:])]:
            with open(os.path.join(folder, part), "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", os.path.abspath(key_file)]
        command += ["-in", "text", "-sigfile", "signature"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return origin, int(size), base64.b64decode(root_base64, validate=True)


def main(export, key_file):
    lines = open(export, "rb").read().split(b"\n")
    assert lines[0] == b"sesshu audit export 1" and lines[-1] == b"", "not an export, or cut off"
    logs = 0
    for number, line in enumerate(lines[1:-1], 2):
        kind, *fields = line.split(b"\t", 2)
        where = f"line {number}"
        if kind == b"log":
            before, last = map(int, fields[1].split(b"\t"))
            origin, place, roots, link, covered = fields[0].decode(), before, [], bytes(32), before
            checkpoints = 0
        elif kind == b"left":
            roots.append(bytes.fromhex(fields[0].decode()))
        elif kind.isdigit():
            leaf = sha(b"\x00" + fields[1])
            grow(roots, place, leaf)
            place, link = place + 1, sha(link + leaf)
            assert kind == b"%d" % place and fields[0] == link.hex().encode(), f"{where}: not entry {place} of {origin}"
        elif kind == b"checkpoint":
            note = fields[0].decode().replace("\\n", "\n")
            assert signed(note, key_file) == (origin, place, root(roots)), f"{where}: entries {covered + 1} to {place} of {origin}"
            covered, checkpoints = place, checkpoints + 1
        elif kind == b"end":
            assert place == last == covered and [int(n) for n in fields] == [last - before, checkpoints], f"{where}: {origin} is not complete"
            logs += 1
            print(f"{origin}: entries {before + 1} to {last} are what was signed")
        else:
            assert kind == b"end of export" and int(fields[0]) == logs and number == len(lines) - 1, f"{where}: what is this?"
            return
    raise AssertionError("cut off")


if __name__ == "__main__":
    main(*sys.argv[1:])
