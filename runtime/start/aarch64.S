//===- aarch64.S - An artifact's first instructions, ARM ------------------===//
//
// What x86_64.S says and does, for ARM of 64 bits. Unchanged for _start are sp
// and x0.
//
//===----------------------------------------------------------------------===//
#ifndef __aarch64__
#error "this is for aarch64"
#endif

        .set    SYS_openat, 56
        .set    SYS_close, 57
        .set    SYS_write, 64
        .set    SYS_fstat, 80
        .set    SYS_exit_group, 94
        .set    AT_FDCWD, -100
        .set    O_RDONLY_CLOEXEC, 02000000
        .set    STAT_BYTES, 128         // of struct stat, a multiple of 16
        .set    STAT_SIZE, 48           // offset of st_size

        .section .quern.start, "ax", @progbits
        .balign 8
        .ascii  "QUERNLEN"              // by which the compiler finds the next
quern_file_bytes:
        .quad   0

        .globl  quern_start
        .type   quern_start, @function
quern_start:
        ldr     x19, quern_file_bytes
        cbz     x19, .Lstart
        mov     x20, x0

        mov     x0, #AT_FDCWD
        adr     x1, .Lself
        mov     x2, #O_RDONLY_CLOEXEC
        mov     x3, #0
        mov     x8, #SYS_openat
        svc     #0
        tbnz    w0, #31, .Lunknown
        mov     w21, w0
        sub     sp, sp, #STAT_BYTES
        mov     x1, sp
        mov     x8, #SYS_fstat
        svc     #0
        mov     w22, w0
        ldr     x23, [sp, #STAT_SIZE]
        add     sp, sp, #STAT_BYTES
        mov     w0, w21
        mov     x8, #SYS_close
        svc     #0
        cbnz    w22, .Lunknown
        cmp     x23, x19
        b.lo    .Lcut
.Lunknown:
        mov     x0, x20
.Lstart:
        b       _start

        // The last part of argv[0], then the message.
.Lcut:  ldr     x1, [sp, #8]
        cbz     x1, .Lsay               // there may be no arguments at all
        mov     x2, x1
.Lnext: ldrb    w3, [x2]
        cbz     w3, .Lname
        add     x2, x2, #1
        cmp     w3, #'/'
        b.ne    .Lnext
        mov     x1, x2
        b       .Lnext
.Lname: sub     x2, x2, x1
        mov     x0, #2
        mov     x8, #SYS_write
        svc     #0
.Lsay:  mov     x0, #2
        adr     x1, .Lmessage
        mov     x2, #(.LmessageEnd - .Lmessage)
        mov     x8, #SYS_write
        svc     #0
        mov     x0, #1
        mov     x8, #SYS_exit_group
        svc     #0
        .size   quern_start, . - quern_start

.Lself: .asciz  "/proc/self/exe"
.Lmessage:
        .ascii  ": the file was cut short: copy it again\n"
.LmessageEnd:
        .section .note.GNU-stack, "", @progbits
