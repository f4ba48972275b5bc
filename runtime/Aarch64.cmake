# Toolchain file: for ARM of 64 bits on Linux, with Debian's cross compiler and the
# libraries in QUERN_SYSROOT_AARCH64 (tools/make-sysroot aarch64).

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
find_program(QUERN_LD NAMES aarch64-linux-gnu-ld.bfd aarch64-linux-gnu-ld REQUIRED)

set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES QUERN_SYSROOT_AARCH64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${QUERN_SYSROOT_AARCH64})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
