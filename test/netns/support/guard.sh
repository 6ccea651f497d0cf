#!/bin/sh
# Takes a network of namespaces away when its maker ends, however that ends: it waits for the end of its standard input.
#   guard.sh PREFIX FOLDER < PIPE
# The namespaces are those called PREFIX-*; every process in them is killed, and FOLDER goes too. PREFIX is FAMILY-PID-NUMBER: what
# another maker of the family has left behind, whose guard was killed as well, goes at the start.
prefix=$1
folder=$2
family=${prefix%-*-*}
trap '' INT TERM HUP

# Names of namespaces, and of folders that outlive a reboot.
names() {
  { ip netns list | cut -d' ' -f1; ls /etc/netns 2> /dev/null; } | grep -E "^$1-" | sort -u
}

take_away() {
  for name in "$@"; do
    tries=0
    while [ -e "/run/netns/$name" ] && [ $tries -lt 50 ]; do
      for pid in $(ip netns pids "$name"); do kill -KILL "$pid" 2> /dev/null; done
      [ -n "$(ip netns pids "$name")" ] || ip netns del "$name" 2> /dev/null
      tries=$((tries + 1))
    done
    rm -rf "/etc/netns/$name"
  done
}

for name in $(names "$family"); do
  rest=${name#"$family"-}
  [ -d "/proc/${rest%%-*}" ] || take_away "$name"
done
echo ready
cat > /dev/null
# shellcheck disable=SC2046 # the names have no spaces
take_away $(names "$prefix")
rmdir /etc/netns 2> /dev/null
rm -rf "$folder"
