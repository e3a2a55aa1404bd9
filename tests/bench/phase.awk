# What the timeline of one load says, for prune.awk; from two files: what others took of the
# processors, then the timeline.
#
#   ms since 1970, ticks that others took so far, all ticks so far
#   ms since the load began, answers, longest (microseconds)
#
# A look at the processors in which others took more than two parts in a hundred, and a second before
# and after it, is not ours: a machine that stands still answers late whoever prunes.

FNR == NR {
	if (FNR > 1 && ($2 - stolen) * 50 > $3 - all)
		for (second = int((at - began) / 1000) - 1; second <= int(($1 - began) / 1000) + 1; second++)
			is_theirs[second] = 1
	at = $1
	stolen = $2
	all = $3
	next
}

$1 <= 1000 { next } # warms up

{
	is_late = $3 > limit * 1000 || $2 == 0 # at a rate, nothing in 100 ms is a standstill
	looks++
	late += is_late
	if (int($1 / 1000) in is_theirs)
		next
	our_looks++
	our_late += is_late
	if ($3 > our_longest)
		our_longest = $3
}

END {
	print phase, looks / 10, answers, p50, p99, p999, max, looks ? late * 600 / looks : 0, our_looks / 10, our_longest + 0, our_late + 0
}
