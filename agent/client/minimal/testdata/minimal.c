/* The floor under the client's start: the round trip of ../main.go with nothing
 * but the system's calls. It checks nothing, and nobody should use it for
 * anything else. Usage: minimal SOCKET METHOD PARAMS */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
	static char buf[65536];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, n = 0;
	char *from, *to;

	if (argc != 4 || strlen(argv[1]) >= sizeof at.sun_path)
		return 2;
	strcpy(at.sun_path, argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		return 1;
	n = snprintf(buf, sizeof buf, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{\"v\":2,\"params\":%s}}\n", argv[2], argv[3]);
	if (n >= (int)sizeof buf || write(fd, buf, n) != n)
		return 1;
	n = 0;
	do {
		ssize_t more = read(fd, buf + n, sizeof buf - 1 - n);
		if (more <= 0)
			return 1;
		n += more;
	} while (buf[n - 1] != '\n');
	buf[n] = 0;
	from = strstr(buf, "\"document\":");
	if (!from || !(to = strchr(from, '}')))
		return 1;
	from += strlen("\"document\":");
	to[1] = '\n';
	n = to + 2 - from;
	return write(1, from, n) != n;
}
