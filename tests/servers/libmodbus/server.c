/* A Modbus TCP server of the tests on loopback, written with libmodbus.
 *
 *   server PORT REGISTERS.txt      PORT 0 takes a free one; prints "listening PORT".
 *
 * Each line of the file is "h ADDRESS VALUE" (holding register) or "i ADDRESS VALUE" (input register), addresses
 * from 0. "n COUNT" sets how many registers exist (default 65536); a request beyond them gets exception 2. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

static modbus_mapping_t *load(const char *path) {
    static unsigned values[2][65536];
    unsigned count = 65536, address, value;
    char kind, line[128];
    FILE *file = fopen(path, "r");
    if (!file) return NULL;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "n %u", &address) == 1 && address <= 65536) count = address;
        else if (sscanf(line, "%c %u %u", &kind, &address, &value) == 3 && address < 65536)
            values[kind == 'i'][address] = value;
    }
    fclose(file);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, (int)count, (int)count);
    for (address = 0; map && address < count; address++) {
        map->tab_registers[address] = (uint16_t)values[0][address];
        map->tab_input_registers[address] = (uint16_t)values[1][address];
    }
    return map;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: server PORT REGISTERS.txt\n"), 2;
    modbus_mapping_t *map = load(argv[2]);
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    int listener = context ? modbus_tcp_listen(context, 8) : -1;
    if (!map || listener < 0) return fprintf(stderr, "cannot start: %s\n", modbus_strerror(errno)), 1;
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    getsockname(listener, (struct sockaddr *)&name, &size);
    printf("listening %d\n", ntohs(name.sin_port));
    fflush(stdout);
    fd_set known;
    FD_ZERO(&known);
    FD_SET(listener, &known);
    for (int last = listener;;) {
        fd_set ready = known;
        if (select(last + 1, &ready, NULL, NULL, NULL) < 0) return 1;
        for (int peer = 0; peer <= last; peer++) {
            if (!FD_ISSET(peer, &ready)) continue;
            if (peer == listener) {
                int fresh = accept(listener, NULL, NULL);
                if (fresh < 0) continue;
                FD_SET(fresh, &known);
                if (fresh > last) last = fresh;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(context, peer);
            int length = modbus_receive(context, query);
            if (length > 0 && modbus_reply(context, query, length, map) >= 0) continue;
            if (length > 0 && errno >= MODBUS_ENOBASE) continue;
            close(peer);
            FD_CLR(peer, &known);
        }
    }
}
