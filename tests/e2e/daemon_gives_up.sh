#!/usr/bin/env bash
# When a thread of the library ends, so does the process, at once and with a status that makes the
# service manager start it again.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

configure
printf 'LoadExtension = "%s";\n' "$CHG_GIVE_UP" >>freediameter.conf
launch --config freediameter.conf
expect "the node becomes ready" is_ready
# A peer that never answers the DPR would hold the library's own way down for 16 seconds.
mute_peer
began=$SECONDS
touch give-up
ends_with 70
expect "it ends at once" test $((SECONDS - began)) -le 5
expect "one line says why" test "$(grep -c 'daemon.failed cause="a thread of the library ended"' node.log)" -eq 1
