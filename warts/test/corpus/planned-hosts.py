#!/usr/bin/env python3
"""Answers every packet that leaves a network namespace by a plan: whom it was for, and the how manyth it is.

    python3 planned-hosts.py NAMESPACE INTERFACE PLAN.json

Makes a TUN interface in the namespace (as `ip netns add` names it). The plan is an object: address -> list of what
becomes of its first, second ... probe, each a list of answers to send:
    {"kind": "answer"}   what a host answers: echo reply, timestamp reply, RST, port unreachable
    {"kind": "error", "type": T, "code": C, "from": ADDRESS}   an ICMP error that quotes the probe
Probes of a second tool are told from those of the first by their TTL. Ends at SIGTERM or SIGINT. Needs root.
"""
import json
import os
import signal
import socket
import struct
import sys

from relay import MAX_PACKET, open_tun

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
ECHO, TIMESTAMP = 8, 13
ECHO6, ECHO_REPLY6 = 128, 129
RST_ACK = 0x14


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """A probe: its addresses as text, its TTL, and what its IP header carries."""

    def __init__(self, data):
        self.data = data
        self.family = socket.AF_INET if data[0] >> 4 == 4 else socket.AF_INET6
        if self.family == socket.AF_INET:
            self.ttl, self.protocol = data[8], data[9]
            src, dst, self.body = data[12:16], data[16:20], data[(data[0] & 15) * 4 :]
        else:
            self.protocol, self.ttl = data[6], data[7]
            src, dst, self.body = data[8:24], data[24:40], data[40:]
        self.src = socket.inet_ntop(self.family, src)
        self.dst = socket.inet_ntop(self.family, dst)

    def reply(self, source, protocol, body):
        """An IP packet from `source` to where the probe came from; `body` has zeros where its checksum belongs."""
        src, dst = (socket.inet_pton(self.family, each) for each in (source, self.src))
        offset = {ICMP: 2, TCP: 16, ICMP6: 2}[protocol]
        pseudo = b"" if protocol == ICMP else src + dst + struct.pack("!II", len(body), protocol)
        body = body[:offset] + struct.pack("!H", checksum(pseudo + body)) + body[offset + 2 :]
        if self.family == socket.AF_INET6:
            return struct.pack("!IHBB", 6 << 28, len(body), protocol, 60) + src + dst + body
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 60, protocol, 0) + src + dst
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body

    def error(self, source, icmp_type, code):
        is_v4 = self.family == socket.AF_INET
        too_big = (icmp_type, code) == (3, 4) if is_v4 else icmp_type == 2
        unused = struct.pack("!HH", 0, 1280) if is_v4 else struct.pack("!I", 1280)
        quoted = self.data[: 28 + 36] if is_v4 else self.data[:1200]
        head = struct.pack("!BBH", icmp_type, code, 0) + (unused if too_big else bytes(4))
        return self.reply(source, ICMP if is_v4 else ICMP6, head + quoted)

    def answer(self):
        body = self.body
        if self.protocol == ICMP and body[0] == ECHO:
            return self.reply(self.dst, ICMP, bytes(4) + body[4:])
        if self.protocol == ICMP6 and body[0] == ECHO6:
            return self.reply(self.dst, ICMP6, bytes([ECHO_REPLY6, 0, 0, 0]) + body[4:])
        if self.protocol == ICMP and body[0] == TIMESTAMP:
            return self.reply(self.dst, ICMP, bytes([TIMESTAMP + 1, 0, 0, 0]) + body[4:12] + struct.pack("!II", 1, 2))
        if self.protocol == TCP:
            sport, dport, seq, ack = struct.unpack("!HHII", body[:12])
            reset = struct.pack("!HHIIBBHHH", dport, sport, ack, seq + 1 & 0xFFFFFFFF, 5 << 4, RST_ACK, 0, 0, 0)
            return self.reply(self.dst, TCP, reset)
        if self.protocol == UDP:
            return self.error(self.dst, *((3, 3) if self.family == socket.AF_INET else (1, 4)))
        return None

    def respond(self, response):
        if response["kind"] == "error":
            return self.error(response["from"], response["type"], response["code"])
        return self.answer()


def main():
    namespace, interface, plan_file = sys.argv[1:]
    with open(plan_file, encoding="utf-8") as file:
        plan = json.load(file)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    tun = open_tun(namespace, interface)
    os.set_blocking(tun, True)
    met = {}
    while True:
        packet = Packet(os.read(tun, MAX_PACKET))
        responses = plan.get(packet.dst)
        if responses is None:
            continue
        key = (packet.dst, packet.ttl)
        met[key] = met.get(key, -1) + 1
        for response in responses[met[key]] if met[key] < len(responses) else []:
            reply = packet.respond(response)
            if reply is not None:
                os.write(tun, reply)


if __name__ == "__main__":
    main()
