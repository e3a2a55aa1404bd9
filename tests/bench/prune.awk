# The figures of prune.sh, and whether the prune held anybody up.
#
# phase, seconds, answers, p50, p99, p99.9, longest (microseconds), 100 ms above the limit a minute;
# and of the seconds in which nobody else took the processors: how many, longest, 100 ms above the limit

{
	line[++count] = $0
	own[$1] = $9
	longest[$1] = $10
}

function longest_without() { return longest["before"] > longest["after"] ? longest["before"] : longest["after"] }

# Where answers are late without a prune, or others have the processors, its share cannot be seen.
function is_busy() { return longest_without() > 5 * limit * 1000 || own["before"] < 5 || own["during"] < 5 }

function verdict() {
	if (is_busy())
		return "cannot be told, they were late without it or others had the machine; run this when nothing else runs"
	if (pruned < records * 0.99)
		return "cannot be told, not all of the records left"
	return is_reached ? "reached" : "not reached"
}

function table(i, part) {
	print "commit    " commit
	print "method    " kind " at " rate " requests a second from 4 peers, half of the peak rate unless it was told; latency counts from when"
	print "          a request was due; every answer after its commit, WAL, synchronous=FULL; the load ends with the prune"
	print "machine   " machine
	print "columns   late: 100 ms with an answer that took longer than " limit " ms, or with none; machine's own: seconds in which nobody else took"
	print "          more than 2 % of its processors"
	printf "\n%-18s %9s %10s %9s %9s %9s %11s %11s %15s %11s %11s\n", "", "SECONDS", "ANSWERS", "P50 MS", "P99 MS", "P99.9 MS", "LONGEST MS", "LATE/MINUTE", "MACHINE'S OWN S", "LONGEST MS", "LATE/MINUTE"
	for (i = 1; i <= count; i++) {
		split(line[i], part, "\t")
		printf "%-18s %9.1f %10d %9.2f %9.2f %9.2f %11.1f %11.1f %15.1f %11.1f %11.1f\n", part[1] == "during" ? "during the prune" : part[1] " it",
			part[2], part[3], part[4] / 1000, part[5] / 1000, part[6] / 1000, part[7] / 1000, part[8],
			part[9], part[10] / 1000, (part[9] > 0 ? part[11] * 60 / part[9] : 0)
	}
	printf "\n%d of %d records left the database in %.1f s, %d a second; archives of %d MiB\n", pruned, records, prune_ms / 1000, pruned * 1000 / prune_ms, archive
	if (compact == "yes")
		printf "the database had %d MiB and has %d MiB: %d MiB were given back to the disk\n", database, compacted, database - compacted
	else
		printf "the database has %d MiB, in which new records use the room of the old ones (--compact gives it back to the disk)\n", database
	printf "longest answer in seconds of the machine's own: %.1f ms without the prune, %.1f ms during it: %.1f ms later\n", longest_without() / 1000, longest["during"] / 1000, later / 1000
	printf "no answer more than %d ms later because of it: %s\n", limit, verdict()
}

function json() {
	printf "{\"commit\":\"%s\",\"kind\":\"%s\",\"rate\":%d,\"records\":%d,\"pruned\":%d,\"prune_ms\":%d,\"archive_mib\":%d,\"database_mib\":%d,\"compacted_mib\":%d,", commit, kind, rate, records, pruned, prune_ms, archive, database, compacted
	printf "\"longest_without_us\":%d,\"longest_during_us\":%d,\"later_us\":%d,\"reached\":%s}\n", longest_without(), longest["during"], later, is_reached ? "true" : "false"
}

END {
	later = longest["during"] - longest_without()
	is_reached = !is_busy() && later <= limit * 1000 && pruned >= records * 0.99
	if (form == "json")
		json()
	else
		table()
	exit !is_reached
}
