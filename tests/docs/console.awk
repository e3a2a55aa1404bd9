# Takes the ```console blocks of a document apart:
#   dir/N.sh   a command (what follows "$ ", and "> " lines that continue it)
#   dir/N.out  what is expected of it
#   dir/N.at   the line that it stands in
# -v dir=DIR -v port=PORT (stands in for 3868)

function put(file, text) {
	gsub(/3868/, port, text)
	print text > (dir "/" file)
}

function finish() {
	if (count > 0) {
		close(dir "/" count ".sh")
		close(dir "/" count ".out")
	}
}

/^ *```/ {
	if (in_block) {
		in_block = 0
		in_console = 0
	} else {
		in_block = 1
		in_console = $0 ~ /^ *```console[ \t]*$/
	}
	next
}
in_console && /^\$ / {
	finish()
	count++
	print FNR > (dir "/" count ".at")
	close(dir "/" count ".at")
	printf "" > (dir "/" count ".out")
	put(count ".sh", substr($0, 3))
	is_command = 1
	next
}
in_console && /^> / && is_command {
	put(count ".sh", substr($0, 3))
	next
}
in_console && count > 0 {
	is_command = 0
	put(count ".out", $0)
}
