/* SPDX-License-Identifier: BSD-3-Clause
 * Golden messages: each file is made anew from its request in words, and must be what is there.
 *
 * usage: golden FILE...            compares; the exit status is 1 when one differs
 *        golden --update FILE...   writes what would have been compared; review it like code
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/credit.h"
#include "golden/text.h"
#include "wire/message.h"

enum {
	FILE_MAX = 256 * 1024,
	HEX_PER_LINE = 32,
};

static const struct chg_identity self = {
	.origin_host = { "cdf.example.net", 15 },
	.origin_realm = { "example.net", 11 },
	.origin_state_id = 1767225600,
};

/* One file: what people wrote stays, all else is made of it. */
struct golden {
	const char *path;
	char *text;
	bool is_strict;
	bool is_refused;
	struct chg_aca aca;
	struct chg_cca cca;
	struct message request;
	struct chg_scratch scratch;
};

static bool complain(const struct golden *golden, const char *what)
{
	fprintf(stderr, "golden: %s: %s\n", golden->path, what);
	return false;
}

/* The text behind a word at the beginning of a line; NULL when there is none. */
static const char *section(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\n'))
			return line + len;
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return NULL;
}

static char *read_whole(const char *path)
{
	FILE *from = fopen(path, "rb");
	char *text = calloc(1, FILE_MAX + 1);
	if (from == NULL || text == NULL) {
		perror(path);
		exit(2);
	}
	size_t len = fread(text, 1, FILE_MAX, from);
	text[len] = '\0';
	fclose(from);
	return text;
}

/* "answer  2001", "answer  2001 interim 300", "answer  refused" */
static bool read_answer_line(struct golden *golden)
{
	unsigned int code = 0, interim = 0;
	const char *line = section(golden->text, "answer");
	if (line == NULL)
		return complain(golden, "no line \"answer\"");
	golden->is_refused = strncmp(line + strspn(line, " "), "refused", 7) == 0;
	int found = sscanf(line, " %u interim %u", &code, &interim);
	golden->aca.result_code = code;
	golden->cca = (struct chg_cca){ .result_code = code };
	golden->aca.interim_interval_s = (chg_opt_u32){ found == 2, interim };
	return golden->is_refused || found >= 1 ? true : complain(golden, "no answer is named");
}

static bool read_golden(struct golden *golden)
{
	const char *request = section(golden->text, "request");
	golden->is_strict = section(golden->text, "strict") != NULL;
	if (section(golden->text, "title") == NULL)
		return complain(golden, "no line \"title\"");
	if (request == NULL)
		return complain(golden, "no section \"request\"");
	return read_answer_line(golden) && golden_cca_read(golden->text, &golden->cca) &&
	       golden_text_read(request + strspn(request, "\n"), &golden->request);
}

static void write_hex(struct chg_view bytes, FILE *to)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (i % HEX_PER_LINE == 0)
			fputs(i == 0 ? "  " : "\n  ", to);
		else if (i % 4 == 0)
			fputc(' ', to);
		fprintf(to, "%02x", (uint8_t)bytes.ptr[i]);
	}
	fputc('\n', to);
}

static bool is_credit_control(struct chg_view request)
{
	struct chg_header header;
	return chg_header_read(request, &header) == CHG_OK && header.command == 272;
}

/* What the request is read as; then the answer to it. */
static enum chg_rc take_acr(struct golden *golden, struct chg_view request, struct chg_fault *fault,
	struct chg_out *out, FILE *to)
{
	struct chg_acr acr;
	enum chg_rc rc = chg_wire_read_acr(request, golden->is_strict ? CHG_STRICT : CHG_LENIENT,
		&golden->scratch, &acr, fault);
	struct chg_echo echo;
	if (rc == CHG_OK)
		rc = chg_echo_read(request, &echo);
	if (rc != CHG_OK || golden->is_refused)
		return rc;
	fputs("\nreads\n", to);
	golden_acr_write(&acr, to);
	return chg_wire_write_aca(&echo, &self, &golden->aca, out);
}

static enum chg_rc take_ccr(struct golden *golden, struct chg_view request, struct chg_fault *fault,
	struct chg_out *out, FILE *to)
{
	static struct chg_ccr ccr;
	enum chg_rc rc = chg_wire_read_ccr(request, golden->is_strict ? CHG_STRICT : CHG_LENIENT,
		&golden->scratch, &ccr, fault);
	struct chg_echo echo;
	if (rc == CHG_OK)
		rc = chg_echo_read(request, &echo);
	if (rc != CHG_OK || golden->is_refused)
		return rc;
	fputs("\nreads\n", to);
	golden_acr_write(&ccr.data, to);
	golden_ccr_write(&ccr, to);
	return chg_wire_write_cca(&echo, &self, &ccr, &golden->cca, out);
}

static bool write_reading(struct golden *golden, struct chg_view request, FILE *to)
{
	static uint8_t room[2 * MESSAGE_ROOM];
	struct chg_out out = chg_out_of(room, sizeof room);
	struct chg_fault fault;
	enum chg_rc rc = is_credit_control(request) ? take_ccr(golden, request, &fault, &out, to)
						    : take_acr(golden, request, &fault, &out, to);
	if ((rc == CHG_E_SYNTAX) != golden->is_refused)
		return complain(golden, rc == CHG_OK ? "it is not refused" : "it is refused");
	if (golden->is_refused)
		rc = chg_wire_write_fault(request, &self, &fault, &out);
	if (rc != CHG_OK)
		return complain(golden, "no answer can be written");
	struct chg_view answer = { (const char *)out.bytes, out.len };
	fputs("\nanswered\n", to);
	golden_text_write(answer, to);
	fputs("\nanswered-octets\n", to);
	write_hex(answer, to);

	static struct message again; /* and the words of the answer make the same octets */
	char *words = NULL;
	size_t len = 0;
	FILE *back = open_memstream(&words, &len);
	golden_text_write(answer, back);
	fclose(back);
	bool is_same = golden_text_read(words, &again) && again.len == answer.len &&
		       memcmp(message_view(&again).ptr, answer.ptr, answer.len) == 0;
	free(words);
	return is_same ? true : complain(golden, "the answer's words are not its octets");
}

/* The whole file as it has to be. */
static char *make_again(struct golden *golden)
{
	char *made = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&made, &len);
	const char *request = section(golden->text, "request");
	size_t head = (size_t)(request - golden->text) - strlen("request");
	fwrite(golden->text, 1, head, to); /* what people wrote about it */
	fputs("request\n", to);
	struct chg_view bytes = message_view(&golden->request);
	golden_text_write(bytes, to);
	fputs("\nrequest-octets\n", to);
	write_hex(bytes, to);
	bool is_made = write_reading(golden, bytes, to);
	fclose(to);
	if (is_made)
		return made;
	free(made);
	return NULL;
}

/* The octets that stand in the file, decoded, are the words that stand in the file. */
static bool octets_are_words(const struct golden *golden)
{
	static uint8_t bytes[MESSAGE_ROOM];
	const char *at = section(golden->text, "request-octets");
	const char *end = at == NULL ? NULL : strstr(at, "\n\n");
	if (end == NULL)
		return complain(golden, "no section \"request-octets\"; make it with --update");
	char *hex = strndup(at, (size_t)(end - at)), *words = NULL;
	size_t len = message_unhex(hex, bytes, sizeof bytes), words_len = 0;
	FILE *to = open_memstream(&words, &words_len);
	golden_text_write((struct chg_view){ (const char *)bytes, len }, to);
	fclose(to);
	const char *wanted = section(golden->text, "request") + 1;
	bool is_same = strncmp(wanted, words, words_len) == 0 && wanted[words_len] == '\n';
	free(hex);
	free(words);
	return is_same ? true : complain(golden, "its octets are not its words");
}

static void show_difference(const char *path, const char *there, const char *made)
{
	unsigned int line = 1;
	size_t i = 0, began = 0;
	for (; there[i] != '\0' && there[i] == made[i]; i++)
		if (there[i] == '\n') {
			line++;
			began = i + 1;
		}
	fprintf(stderr, "golden: %s:%u:\n  there %.*s\n  made  %.*s\n", path, line,
		(int)strcspn(there + began, "\n"), there + began, (int)strcspn(made + began, "\n"),
		made + began);
}

static bool write_whole(const char *path, const char *text)
{
	FILE *to = fopen(path, "wb");
	bool is_written = to != NULL && fputs(text, to) >= 0;
	return to != NULL && fclose(to) == 0 && is_written;
}

static bool check(const char *path, bool is_update)
{
	static struct golden golden;
	golden.path = path;
	golden.text = read_whole(path);
	golden.request.len = 0;
	char *made = read_golden(&golden) ? make_again(&golden) : NULL;
	bool is_good = made != NULL;
	if (is_good && is_update) {
		is_good = write_whole(path, made);
	} else if (is_good) {
		is_good = strcmp(golden.text, made) == 0;
		if (!is_good)
			show_difference(path, golden.text, made);
		else
			is_good = octets_are_words(&golden);
	}
	chg_scratch_release(&golden.scratch);
	free(made);
	free(golden.text);
	return is_good;
}

int main(int argc, char **argv)
{
	bool is_update = argc > 1 && strcmp(argv[1], "--update") == 0;
	int failed = 0;
	for (int i = is_update ? 2 : 1; i < argc; i++)
		failed += !check(argv[i], is_update);
	if (argc < (is_update ? 3 : 2)) {
		fputs("usage: golden [--update] FILE...\n", stderr);
		return 2;
	}
	printf("%d files, %d of them wrong\n", argc - (is_update ? 2 : 1), failed);
	return failed == 0 ? 0 : 1;
}
