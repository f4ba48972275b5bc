//===- x86_64.S - An artifact's first instructions, x86-64 ----------------===//
//
// A file that was cut short while it was copied still starts, as far as the
// system can tell, and dies of a bus error on the first page that is not there.
// So before anything else runs, these lines compare the file's length with what
// the compiler has written to quern_file_bytes. They lie in the first 4096 bytes
// (bundle/layout.ld), call nothing and need no relocation. Without /proc, or with
// a length of 0, nothing is compared.
//
// They are entered as the psABI says of _start, and leave to it with all that it
// wants unchanged: %rsp and %rdx.
//
//===----------------------------------------------------------------------===//
#ifndef __x86_64__
#error "this is for x86-64"
#endif

        .set    SYS_write, 1
        .set    SYS_open, 2
        .set    SYS_close, 3
        .set    SYS_fstat, 5
        .set    SYS_exit_group, 231
        .set    O_RDONLY_CLOEXEC, 02000000
        .set    STAT_BYTES, 144         // of struct stat, a multiple of 16
        .set    STAT_SIZE, 48           // offset of st_size

        .section .quern.start, "ax", @progbits
        .balign 8
        .ascii  "QUERNLEN"              // by which the compiler finds the next
quern_file_bytes:
        .quad   0

        .globl  quern_start
        .type   quern_start, @function
quern_start:
        movq    quern_file_bytes(%rip), %rbx
        testq   %rbx, %rbx
        jz      .Lstart
        movq    %rdx, %r12

        movl    $SYS_open, %eax
        leaq    .Lself(%rip), %rdi
        movl    $O_RDONLY_CLOEXEC, %esi
        syscall
        testl   %eax, %eax
        js      .Lunknown
        movl    %eax, %r13d
        subq    $STAT_BYTES, %rsp
        movl    $SYS_fstat, %eax
        movl    %r13d, %edi
        movq    %rsp, %rsi
        syscall
        movl    %eax, %r14d
        movq    STAT_SIZE(%rsp), %r15
        addq    $STAT_BYTES, %rsp
        movl    $SYS_close, %eax
        movl    %r13d, %edi
        syscall
        testl   %r14d, %r14d
        jnz     .Lunknown
        cmpq    %rbx, %r15
        jb      .Lcut
.Lunknown:
        movq    %r12, %rdx
.Lstart:
        jmp     _start

        // The last part of argv[0], then the message.
.Lcut:  movq    8(%rsp), %rsi
        testq   %rsi, %rsi              // there may be no arguments at all
        jz      .Lsay
        movq    %rsi, %rdi
.Lnext: movb    (%rdi), %al
        testb   %al, %al
        jz      .Lname
        incq    %rdi
        cmpb    $'/', %al
        jne     .Lnext
        movq    %rdi, %rsi
        jmp     .Lnext
.Lname: movq    %rdi, %rdx
        subq    %rsi, %rdx
        movl    $2, %edi
        movl    $SYS_write, %eax
        syscall
.Lsay:  movl    $2, %edi
        leaq    .Lmessage(%rip), %rsi
        movl    $.LmessageEnd - .Lmessage, %edx
        movl    $SYS_write, %eax
        syscall
        movl    $1, %edi
        movl    $SYS_exit_group, %eax
        syscall
        .size   quern_start, . - quern_start

.Lself: .asciz  "/proc/self/exe"
.Lmessage:
        .ascii  ": the file was cut short: copy it again\n"
.LmessageEnd:
        .section .note.GNU-stack, "", @progbits
