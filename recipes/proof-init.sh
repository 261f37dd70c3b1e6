#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# /init of the RAM disk that proves a boot: it says on the console what it finds, in
# lines that the verification looks for, and then leaves a shell to whoever is there.

/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

# One line for each CPU node that the boot code wrote a record into. Under Xen dom0 has
# CPU nodes of Xen's own making, without one.
cell() { hexdump -e '4/1 "%02x"' "$1"; }
for node in /proc/device-tree/cpus/cpu@*; do
	[ -e "$node/fwbuild,entry-mode" ] || continue
	echo "fwbuild: ${node##*/}" \
		"entry-mode $(cell "$node/fwbuild,entry-mode")" \
		"secure-state $(cell "$node/fwbuild,secure-state")" \
		"hyp-state $(cell "$node/fwbuild,hyp-state")"
done

hypervisor=none
[ -e /sys/hypervisor/type ] && hypervisor=$(cat /sys/hypervisor/type)
cpus=$(grep -c '^processor' /proc/cpuinfo)
echo "fwbuild: /init reached, $cpus CPUs, hypervisor $hypervisor"

exec setsid cttyhack sh
