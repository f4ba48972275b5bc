# The bundle's part for programs that open libraries by name: dynamic.txt and
# dynamic/. Included by ../Bundle.cmake; `dynamicFiles` are what it is made of.

find_program(QUERN_AS NAMES as REQUIRED)
find_program(QUERN_OBJDUMP NAMES objdump REQUIRED)

quern_bundle(nonshared "dynamic/" libc_nonshared.a)
set(stubs libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 ld-linux-x86-64.so.2)
list(TRANSFORM stubs PREPEND dynamic/ OUTPUT_VARIABLE stubPaths)
quern_write_link(dynamic.txt ${options} --dynamic-linker=/lib64/ld-linux-x86-64.so.2
  -z relro -z now -T layout.ld
  dynamic/start.o ${begin} runtime.o KERNELS
  --start-group ${executorArchives} ${shared} dynamic/compat.a ${nonshared}
  --as-needed ${stubPaths} --end-group ${end})

# The compiler's own file, wherever the linker's script of that name leads.
quern_find_toolchain_file(libc.so.6 libc)
quern_find_toolchain_file(libm.so.6 libm)
quern_find_toolchain_file(ld-linux-x86-64.so.2 loader)

get_property(artifactFlags GLOBAL PROPERTY QUERN_ARTIFACT_FLAGS)
list(REMOVE_ITEM artifactFlags -frtti)
add_library(quern_dynamic_start OBJECT ${quernRuntime}/dynamic/Start.c)
add_library(quern_dynamic_compat STATIC ${quernRuntime}/dynamic/Compat.c)
foreach(target quern_dynamic_start quern_dynamic_compat)
  target_compile_options(${target} PRIVATE ${artifactFlags})
endforeach()
list(APPEND bundleCopies
  COMMAND ${CMAKE_COMMAND} -E copy_if_different $<TARGET_OBJECTS:quern_dynamic_start>
    ${QUERN_BUNDLE_DIR}/dynamic/start.o
  COMMAND ${CMAKE_COMMAND} -E copy_if_different $<TARGET_FILE:quern_dynamic_compat>
    ${QUERN_BUNDLE_DIR}/dynamic/compat.a)

add_custom_command(OUTPUT ${QUERN_BUNDLE_DIR}/dynamic/libc.so.6
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${QUERN_BUNDLE_DIR}/dynamic -DQUERN_GLIBC=2.28
    -DLIBC=${libc} -DLIBM=${libm} -DLOADER=${loader} -DOBJDUMP=${QUERN_OBJDUMP} -DAS=${QUERN_AS}
    -DLD=${QUERN_LD} -P ${quernRuntime}/dynamic/MakeStubs.cmake
  DEPENDS ${quernRuntime}/dynamic/MakeStubs.cmake
  COMMENT "Writing stubs of the C library" VERBATIM)
set(dynamicFiles quern_dynamic_compat $<TARGET_OBJECTS:quern_dynamic_start>
  ${QUERN_BUNDLE_DIR}/dynamic/libc.so.6)
