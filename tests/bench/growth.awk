# The figures of growth.sh into a table or JSON: axis, size, kind, answers a second, p50, p99 (us), CPU
# a request (us), memory (MiB), start (ms); the first size of an axis is what others are held against.

BEGIN { FS = "\t" }

{
	line[++count] = $0
	if (!(($1, $3) in first))
		first[$1, $3] = $4
	if ($9 > slowest)
		slowest = $9
	if ($1 == "records" && $4 / first[$1, $3] < (worst == "" ? 9 : worst))
		worst = $4 / first[$1, $3]
	if ($1 == "accounts" && $2 >= 1000 && least_accounts == "")
		least_accounts = $4
	if ($1 == "accounts" && least_accounts && $4 / least_accounts < (worst == "" ? 9 : worst))
		worst = $4 / least_accounts
}

function verdict(is_reached) {
	return is_reached ? "reached" : "not reached"
}

function table(i, part) {
	printf "method    %s; 4 peers with 64 requests under way each, a fresh node and copy of the database for\n", commit
	print "          each line; WAL, synchronous=FULL; records in a database of a thousand accounts"
	print "machine   " machine
	printf "\n%-9s %10s %-7s %9s %7s %8s %8s %7s %6s %9s\n", "OF", "NUMBER", "KIND", "ANSWERS/S", "SHARE", "P50 MS", "P99 MS", "CPU US", "MIB", "START MS"
	for (i = 1; i <= count; i++) {
		split(line[i], part, "\t")
		printf "%-9s %10d %-7s %9d %7.2f %8.2f %8.2f %7.1f %6d %9d\n", part[1], part[2], part[3],
			part[4], part[4] / first[part[1], part[3]], part[5] / 1000, part[6] / 1000, part[7], part[8], part[9]
	}
	printf "\n%-70s %9.2f >= 0.85  %s\n", "worst share, of no records and of a thousand accounts", worst, verdict(worst >= 0.85)
	printf "%-70s %9.0f < 2000  %s\n", "longest start to the ready line, ms", slowest, verdict(slowest < 2000)
	printf "%-70s %9d <  150  %s\n", "MiB with a million accounts and " sessions " open sessions (peak " peak ")", memory, verdict(memory < 150)
	print "picture: " picture
}

function json(i, part) {
	printf "{\"commit\":\"%s\",\"machine\":\"%s\",\"results\":[", commit, machine
	for (i = 1; i <= count; i++) {
		split(line[i], part, "\t")
		printf "%s\n{\"of\":\"%s\",\"number\":%d,\"kind\":\"%s\",\"answers_per_s\":%d,\"p50_us\":%d,\"p99_us\":%d,\"cpu_us_per_request\":%s,\"memory_mib\":%d,\"start_ms\":%d}", (i > 1 ? "," : ""),
			part[1], part[2], part[3], part[4], part[5], part[6], part[7], part[8], part[9]
	}
	printf "],\n\"worst_share\":%.3f,\"longest_start_ms\":%d,\"open_sessions\":%d,\"memory_mib\":%d,\"memory_peak_mib\":%d}\n", worst, slowest, sessions, memory, peak
}

END {
	if (form == "json")
		json()
	else
		table()
}
