/*
 * Stands in for the kernel's device-mapper where a test machine has none: loaded into rauc by
 * LD_PRELOAD, it answers for /dev/mapper/control, and hands out what lies below a verity device in the
 * device's place. It holds nothing against the hash tree: that is the kernel's part, and stays unproved
 * by tests that use this. Test only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

/* No machine has as many. */
#define NUMBER 9999
#define DEVICE "/dev/dm-9999"

/* rauc has one such device at a time. */
static char below[256];

static const char *in_place_of(const char *path)
{
    if (path == NULL)
        return path;
    if (strcmp(path, "/dev/mapper/control") == 0)
        return "/dev/null";
    return strcmp(path, DEVICE) == 0 && below[0] != 0 ? below : path;
}

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                                       \
        va_list more;                                                                                        \
        va_start(more, flags);                                                                               \
        int mode = va_arg(more, int);                                                                        \
        va_end(more);                                                                                        \
        return next(in_place_of(path), flags, mode);                                                         \
    }
OPEN(open)
OPEN(open64)

int mount(const char *source, const char *target, const char *kind, unsigned long flags, const void *data)
{
    int (*next)(const char *, const char *, const char *, unsigned long, const void *) =
        dlsym(RTLD_NEXT, "mount");
    return next(in_place_of(source), target, kind, flags, data);
}

static int answer(unsigned long command, struct dm_ioctl *asked)
{
    char *rest = (char *)asked + asked->data_start;
    switch (command) {
    case DM_DEV_CREATE:
    case DM_DEV_SUSPEND:
        asked->dev = makedev(253, NUMBER);
        return 0;
    case DM_TABLE_LOAD: {
        struct dm_target_spec *target = (struct dm_target_spec *)rest;
        /* Version, and the device with the data. */
        if (strcmp(target->target_type, "verity") == 0 && sscanf((char *)(target + 1), "1 %255s", below) == 1)
            return 0;
        break;
    }
    case DM_TABLE_STATUS:
        /* Nothing was found damaged. */
        strcpy(rest + sizeof(struct dm_target_spec), "V");
        return 0;
    case DM_DEV_REMOVE:
        /* Also deferred: what is mounted stays mounted. */
        below[0] = 0;
        return 0;
    }
    errno = ENOTTY;
    return -1;
}

int ioctl(int file, unsigned long command, ...)
{
    int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list more;
    va_start(more, command);
    void *asked = va_arg(more, void *);
    va_end(more);
    return _IOC_TYPE(command) == DM_IOCTL ? answer(command, asked) : next(file, command, asked);
}
