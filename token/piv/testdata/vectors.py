#!/usr/bin/env python3
"""Writes vectors.json beside it: piv-p256 stanzas by OpenSSL's code, through
the cryptography module, from https://c2sp.org/age-piv-p256. The p256tag
stanzas there are by filippo.io/age/tag v1.3.2, see vectors.go.txt."""
import base64, hashlib, json, pathlib, struct
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def point(key):
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def b64(b):
    return base64.b64encode(b).rstrip(b"=").decode()


def bech32(hrp, data):  # BIP 173
    def polymod(values):
        chk = 1
        for v in values:
            top = chk >> 25
            chk = (chk & 0x1FFFFFF) << 5 ^ v
            for i, g in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
                chk ^= g if top >> i & 1 else 0
        return chk

    bits = "".join(f"{b:08b}" for b in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    expanded = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    check = polymod(expanded + values + [0] * 6) ^ 1
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(CHARSET[v] for v in values)


def vector(n):
    h = lambda what: hashlib.sha256(f"mfad piv-p256 {what} {n}".encode()).digest()
    identity = ec.derive_private_key(int.from_bytes(h("identity"), "big"), ec.SECP256R1())
    ephemeral = ec.derive_private_key(int.from_bytes(h("ephemeral"), "big"), ec.SECP256R1())
    file_key, serial, slot = h("file key")[:16], int.from_bytes(h("serial")[:4], "big"), 0x82 + n
    shared = ephemeral.exchange(ec.ECDH(), identity.public_key())
    salt = point(ephemeral) + point(identity)
    key = HKDF(hashes.SHA256(), 32, salt, b"piv-p256").derive(shared)
    tag = hashlib.sha256(point(identity)).digest()[:4]
    return {
        "private": h("identity").hex(),
        "ephemeral": h("ephemeral").hex(),
        "fileKey": file_key.hex(),
        "serial": serial,
        "slot": slot,
        "recipient": bech32("age1yubikey", point(identity)),
        "yubikeyIdentity": bech32("age-plugin-yubikey-", struct.pack("<IB", serial, slot) + tag).upper(),
        "mfadIdentity": bech32("age-plugin-mfad-", struct.pack(">BIB", 1, serial, slot) + point(identity)).upper(),
        "args": [b64(tag), b64(point(ephemeral))],
        "body": ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None).hex(),
    }


out = pathlib.Path(__file__).with_name("vectors.json")
old = json.loads(out.read_text()) if out.exists() else {}
old["piv-p256"] = [vector(n) for n in range(6)]
out.write_text(json.dumps(old, indent=1) + "\n")
