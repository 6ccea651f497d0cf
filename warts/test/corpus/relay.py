#!/usr/bin/env python3
"""Joins two network namespaces by a link that delays, loses, duplicates and reorders packets.

    python3 relay.py [--seed N] [--delay MS] [--loss P] [--duplicate P] [--late P] [--late-delay MS] NS_A IF_A NS_B IF_B

Makes a TUN interface in each of the two namespaces (as `ip netns add` names them) and forwards the IPv4 and IPv6 packets
between them; the interfaces go when it ends, at SIGTERM or SIGINT. Needs root. Each direction draws its chances from the
seed in the order of its packets; a duplicate is late or not by a draw of its own.
"""
import argparse
import ctypes
import fcntl
import heapq
import os
import random
import selectors
import signal
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
CLONE_NEWNET = 0x40000000
MAX_PACKET = 65536
MAX_WAITING = 10000

libc = ctypes.CDLL(None, use_errno=True)


def setns(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def open_tun(namespace, interface):
    """The interface belongs to the namespace in which the device was opened."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        there = os.open(os.path.join("/run/netns", namespace), os.O_RDONLY)
        try:
            setns(there)
            try:
                tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            finally:
                setns(home)
        finally:
            os.close(there)
    finally:
        os.close(home)
    try:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", interface.encode(), IFF_TUN | IFF_NO_PI))
    except OSError:
        os.close(tun)
        raise
    return tun


class Direction:
    def __init__(self, name, source, target, options):
        self.source = source
        self.target = target
        self.options = options
        self.random = random.Random("%d %s" % (options.seed, name))

    def dues(self, now):
        """When each copy of a packet that came now is to be sent: none if it is lost."""
        options = self.options
        if self.random.random() < options.loss:
            return []
        copies = 2 if self.random.random() < options.duplicate else 1
        return [now + self.wait() for _ in range(copies)]

    def wait(self):
        late = self.random.random() < self.options.late
        return (self.options.delay + (self.options.late_delay if late else 0)) / 1000


def receive(direction):
    """The next packet, nothing if there is none."""
    try:
        return os.read(direction.source, MAX_PACKET)
    except OSError:  # none left, or the interface is not up
        return b""


def send(target, packet):
    try:
        os.write(target, packet)
    except OSError:  # a full queue, or the interface is not up: lost
        pass


def relay(directions):
    waiting = []
    number = 0
    with selectors.DefaultSelector() as selector:
        for direction in directions:
            selector.register(direction.source, selectors.EVENT_READ, direction)
        while True:
            timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            for key, _ in selector.select(timeout):
                packet = receive(key.data)
                if not packet:
                    continue
                for due in key.data.dues(time.monotonic()):
                    if len(waiting) < MAX_WAITING:
                        number += 1  # equal times: in the order of arrival
                        heapq.heappush(waiting, (due, number, key.data.target, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(waiting)
                send(target, packet)


def probability(text):
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a probability is from 0 to 1")
    return value


def milliseconds(text):
    value = float(text)
    if not 0 <= value <= 60000:
        raise argparse.ArgumentTypeError("milliseconds are from 0 to 60000")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=milliseconds, default=0, help="milliseconds that every packet takes")
    parser.add_argument("--loss", type=probability, default=0)
    parser.add_argument("--duplicate", type=probability, default=0)
    parser.add_argument("--late", type=probability, default=0, help="share of packets that others overtake")
    parser.add_argument("--late-delay", type=milliseconds, default=0, help="milliseconds that these take more")
    for name in ("ns_a", "if_a", "ns_b", "if_b"):
        parser.add_argument(name)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    tuns = []
    try:
        for namespace, interface in ((options.ns_a, options.if_a), (options.ns_b, options.if_b)):
            tuns.append(open_tun(namespace, interface))
        a, b = tuns
        relay([Direction("there", a, b, options), Direction("back", b, a, options)])
    finally:
        for tun in tuns:
            os.close(tun)


if __name__ == "__main__":
    main()
