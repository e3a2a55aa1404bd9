# The looks of soak.sh as a table of at most twenty lines, a slope and a verdict.
#
# phase, seconds, KiB in all, KiB of the heap, highest KiB so far, MiB of the database, requests

function mib(kib) { return sprintf("%.1f", kib / 1024) }
function verdict(is_reached) { return is_reached ? "reached" : "not reached" }

$1 == "started" { started = $3 }
$1 == "opened" { after_opening = $3; peak_opening = $5 }
$1 == "load" {
	count++
	at[count] = $2; all[count] = $3; heap[count] = $4; peak[count] = $5; database[count] = $6; requests[count] = $7
	if ($3 > most)
		most = $3
	if (most > peak[count]) # the kernel counts the highest from time to time only
		peak[count] = most
}

# The mean of the looks from one share of the time to another.
function mean_of(from, to, i, sum, n) {
	for (i = 1; i <= count; i++)
		if (i > count * from && i <= count * to) {
			sum += all[i]
			n++
		}
	return n ? sum / n : 0
}

# KiB an hour, the straight line through the looks of the second half of the time.
function slope(i, n, x, y, xx, xy) {
	for (i = int(count / 2) + 1; i <= count; i++) {
		n++
		x += at[i]; y += all[i]; xx += at[i] * at[i]; xy += at[i] * all[i]
	}
	return n * xx == x * x ? 0 : (n * xy - x * y) / (n * xx - x * x) * 3600
}

function table(i, step) {
	print "commit    " commit
	print "method    a node as released on a copy of a prepared database with " accounts " accounts; " opened " sessions are opened by CCR INITIAL"
	print "          " (rush == "yes" ? "at the same moment, from 32 peers" : open_rate " a second, from 4 peers") " and stay open; then " rate " requests a second, of each kind a quarter,"
	print "          for " minutes " minutes; memory is VmRSS of the node, each " every " s: " samples
	print "machine   " machine
	printf "\n%8s %9s %9s %9s %12s %10s\n", "MINUTE", "MIB", "HEAP MIB", "HIGHEST", "DATABASE MIB", "REQUESTS"
	step = count > 20 ? count / 20 : 1
	for (i = step; i <= count + 0.001; i += step)
		printf "%8.1f %9s %9s %9s %12d %10d\n", (at[int(i)] - at[1] + every) / 60, mib(all[int(i)]), mib(heap[int(i)]), mib(peak[int(i)]), database[int(i)], requests[int(i)]
	printf "\n%-72s %8s\n", "MiB after the start", mib(started)
	printf "%-72s %8s\n", "MiB when " opened " sessions were open, highest until then " mib(peak_opening), mib(after_opening)
	printf "%-72s %8s < %5d  %s\n", "highest MiB under load, " still " sessions open at its end", mib(most), limit, verdict(most < limit * 1024)
	printf "%-72s %8s < %5d  %s\n", "highest MiB at any moment", mib(peak[count]), limit, verdict(peak[count] < limit * 1024)
	printf "%-72s %8s <= %4d  %s\n", "MiB of the last quarter of the time above the second one", mib(grown), flat, verdict(grown <= flat * 1024)
	printf "%-72s %8s\n", "slope of the second half, MiB an hour", mib(slope())
	printf "%-72s %8.2f\n", "p99 of " answers " answers, ms", p99 / 1000
}

function json() {
	printf "{\"commit\":\"%s\",\"machine\":\"%s\",\"accounts\":%d,\"sessions\":%d,\"sessions_at_end\":%d,\"minutes\":%d,\"rate\":%d,", commit, machine, accounts, opened, still, minutes, rate
	printf "\"started_kib\":%d,\"opened_kib\":%d,\"highest_opening_kib\":%d,\"most_under_load_kib\":%d,\"highest_kib\":%d,", started, after_opening, peak_opening, most, peak[count]
	printf "\"grown_kib\":%d,\"slope_kib_per_hour\":%d,\"reached\":%s}\n", grown, slope(), is_reached ? "true" : "false"
}

END {
	grown = mean_of(0.75, 1) - mean_of(0.25, 0.5)
	is_reached = count > 0 && peak[count] < limit * 1024 && grown <= flat * 1024
	if (form == "json")
		json()
	else
		table()
	exit !is_reached
}
