#!/usr/bin/env bash
# An installation over an older one keeps what the operator changed, and every record.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

root=$PWD/root
etc=$root/etc/charging-enabler state=$root/var/lib/charging-enabler

install_node() { DESTDIR=$root cmake --install "$CHG_BUILD_DIR" --prefix /usr >install.log 2>&1; }

expect "it installs" install_node
enabler=$root/usr/sbin/charging-enabler
expect "the daemon is in sbin" test -x "$enabler"
expect "the configuration is in etc" test -f "$etc/freediameter.conf"
expect "so is charging.yaml" test -f "$etc/charging.yaml"
expect "so is a tariff" test -f "$etc/tariff.yaml"
expect "the tariff is acceptable" "$CHG_BUILD_DIR/chgctl" tariff check "$etc/tariff.yaml"
expect "what its words mean is beside the other documents" \
	test -f "$root/usr/share/doc/charging-enabler/TARIFF.md"
expect "no placeholder is left" test -z "$(grep -rl '@CHG_' "$etc" "$root/usr/lib/systemd" || :)"
expect "the folder of the records is there and closed to others" \
	test "$(stat -c %a "$state")" = 750
expect "the unit is there" test -f "$root/usr/lib/systemd/system/charging-enabler.service"
expect "its user is" test -f "$root/usr/lib/sysusers.d/charging-enabler.conf"
for extension in $(sed -n 's/^LoadExtension = "\([^"]*\)".*/\1/p' "$etc/freediameter.conf"); do
	expect "LoadExtension $extension was installed" test -f "$root$extension"
done

expect "a record is laid down" eval 'printf precious >"$state/charging.db"'
printf '# mine\n' >>"$etc/freediameter.conf"
cp "$etc/freediameter.conf" edited
expect "it installs again" install_node
expect "the edited file is kept" cmp -s edited "$etc/freediameter.conf"
expect "the new one lies beside it" test -f "$etc/freediameter.conf.dist"
expect "the installation says so" grep -q "Kept: .*freediameter.conf" install.log
expect "an unedited file gets no companion" test ! -e "$etc/charging.yaml.dist"
expect "the records are untouched" test "$(cat "$state/charging.db")" = precious
expect "nothing was installed outside" test ! -e "$PWD/etc"

# The installed programs work where they are: with the configuration's paths led into the root.
if [ -z "${CHG_SANITIZE:-}" ] || [ "$CHG_SANITIZE" = OFF ]; then
	rm "$state/charging.db"
	free_port
	sed -e "s|\"/|\"$root/|g" -e "s|^Port = .*|Port = $port;|" "$etc/freediameter.conf.dist" \
		>"$etc/freediameter.conf"
	mkdir -p "$root/run"
	sed -e "s|/var/lib|$root/var/lib|" -e "s|/run/charging-enabler|$root/run|" -i "$etc/charging.yaml"
	node_of=$enabler
	: >ready
	"$node_of" --config "$etc/freediameter.conf" >ready 2>node.log &
	node=$!
	expect "the installed node becomes ready" is_ready
	stop
fi
