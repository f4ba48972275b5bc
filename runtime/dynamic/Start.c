//===- Start.c - From the system's first instruction to main() --*- C++ -*-===//
//
// Where glibc's own start files are of 2.34 or later, programs that they start in
// an older one run no constructors: there `__libc_start_main` leaves them to what
// the program hands it. So here is that, as start files before 2.34 had it.
//
//===----------------------------------------------------------------------===//
#include <stddef.h>

extern void (*__init_array_start[])(int, char **, char **);
extern void (*__init_array_end[])(int, char **, char **);

__attribute__((used, visibility("hidden"))) void
quern_construct(int argc, char **argv, char **environment) {
  size_t count = (size_t)(__init_array_end - __init_array_start);
  for (size_t i = 0; i < count; ++i)
    __init_array_start[i](argc, argv, environment);
}

#ifndef __x86_64__
#error "this is for x86-64"
#endif
// %rdx: what the loader wants called at the end; (%rsp): argc, argv. The loader
// runs the destructors.
__asm__(".text\n"
        ".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "  xorl %ebp, %ebp\n"
        "  movq %rdx, %r9\n"
        "  popq %rsi\n"
        "  movq %rsp, %rdx\n"
        "  andq $-16, %rsp\n"
        "  pushq %rax\n"
        "  pushq %rsp\n"
        "  xorl %r8d, %r8d\n"
        "  leaq quern_construct(%rip), %rcx\n"
        "  leaq main(%rip), %rdi\n"
        "  call *__libc_start_main@GOTPCREL(%rip)\n"
        "  hlt\n"
        ".size _start, . - _start\n"
        // runtime/layout.ld puts the first instructions before this.
        ".section .note.ABI-tag, \"a\", @note\n"
        ".balign 4\n"
        ".long 4, 16, 1\n"
        ".asciz \"GNU\"\n"
        ".long 0, 3, 2, 0\n"
        ".text\n");
