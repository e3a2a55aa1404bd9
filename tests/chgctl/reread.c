/* SPDX-License-Identifier: BSD-3-Clause
 * Reads what chgctl wrote with another reader, from stdin, and says how much it was.
 *
 *   reread json    one JSON value: prints how many elements an array has, or "object"
 *   reread jsonl   prints how many lines, each of which must be an object
 *   reread csv     prints "<records> <fields>"; every record must have as many fields
 *   reread ids     one JSON array: prints the "id" of every element
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *load(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL) {
		fprintf(stderr, "reread: %d:%d: %s\n", error.line, error.column, error.text);
		exit(1);
	}
	return json;
}

static void read_json(const char *text, bool wants_ids)
{
	json_t *json = load(text);
	size_t i;
	const json_t *item;

	if (wants_ids)
		json_array_foreach(json, i, item) printf("%" JSON_INTEGER_FORMAT "\n",
			json_integer_value(json_object_get(item, "id")));
	else if (json_is_array(json))
		printf("%zu\n", json_array_size(json));
	else
		puts("object");
	json_decref(json);
}

static void read_lines(char *text)
{
	size_t count = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		if (text[len] != '\n') {
			fputs("reread: the last line has no end\n", stderr);
			exit(1);
		}
		text[len] = '\0';
		json_t *json = load(text);
		if (!json_is_object(json))
			exit(1);
		json_decref(json);
		count++;
		text += len + 1;
	}
	printf("%zu\n", count);
}

/* RFC 4180 as a state machine: fields, quotes, CR LF and nothing else at the end of a record. */
static void read_csv(const char *at)
{
	size_t records = 0, fields = 0, fields_first = 0;

	while (*at != '\0') {
		fields++;
		if (*at == '"') {
			do {
				at = strchr(at + 1, '"');
				if (at == NULL)
					exit(1);
				at++;
			} while (*at == '"');
		} else {
			at += strcspn(at, ",\"\r\n");
		}
		if (*at == ',') {
			at++;
			fields += *at == '\r' ? 1 : 0; /* an empty field ends the record */
			if (*at != '\r')
				continue;
		}
		if (strncmp(at, "\r\n", 2) != 0) {
			fprintf(stderr, "reread: record %zu ends badly\n", records + 1);
			exit(1);
		}
		at += 2;
		fields_first = records == 0 ? fields : fields_first;
		if (fields != fields_first) {
			fprintf(stderr, "reread: record %zu has %zu fields\n", records + 1, fields);
			exit(1);
		}
		fields = 0;
		records++;
	}
	printf("%zu %zu\n", records, fields_first);
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t len = getdelim(&text, &size, EOF, stdin);

	if (argc < 2 || (len < 0 && !feof(stdin)))
		return 2;
	if (len < 0) {
		free(text);
		text = calloc(1, 1);
		len = 0;
	}
	if (text == NULL || strlen(text) != (size_t)len)
		return 1; /* a NUL has no business here */
	if (strcmp(argv[1], "jsonl") == 0)
		read_lines(text);
	else if (strcmp(argv[1], "csv") == 0)
		read_csv(text);
	else
		read_json(text, strcmp(argv[1], "ids") == 0);
	free(text);
	return 0;
}
