# The bundle: all that lld needs to link an artifact on a machine without a
# toolchain. There is one for each architecture that artifacts are for, in a folder
# that has its name.
#
#   runtime.o      the runtime, and those members of libstdc++ and the other
#                  libraries that it refers to; sections kept apart
#   *.a            executors, of which a link takes what the kernels name, and
#                  libraries under them
#   layout.ld      what is where in an artifact
#   static.txt     command lines for lld but for the output, an argument a line:
#   dynamic.txt    names without a leading - are files of the bundle, KERNELS
#                  stands for the objects
#   static/        what a static-PIE needs of the C library
#   dynamic/       what a program needs that opens libraries by name; it runs with
#                  any glibc from 2.28 on (dynamic/MakeStubs.cmake). For x86-64 alone.

if(NOT QUERN_BUNDLE_DIR)
  set(QUERN_BUNDLE_DIR ${CMAKE_BINARY_DIR}/lib/quern/bundle/${CMAKE_SYSTEM_PROCESSOR})
endif()
set(quernRuntime ${CMAKE_CURRENT_LIST_DIR})
find_program(QUERN_LD NAMES ld.bfd ld REQUIRED)

function(quern_find_toolchain_file name result)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name}
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${path}" OR NOT EXISTS "${path}")
    message(FATAL_ERROR "the compiler has no ${name}")
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

# A file of that name, or the archives that it names if it is a linker script
# (glibc's libm.a).
function(quern_find_files name result)
  quern_find_toolchain_file(${name} path)
  set(paths ${path})
  file(READ ${path} start LIMIT 7 HEX)
  if(NOT start MATCHES "^(213c617263683e|7f454c46)") # "!<arch>", "\\x7fELF"
    file(READ ${path} script)
    string(REGEX MATCH "GROUP *\\(([^)]*)\\)" group "${script}")
    string(REGEX MATCHALL "[^ ]+\\.a" paths "${CMAKE_MATCH_1}")
  endif()
  set(${result} ${paths} PARENT_SCOPE)
endfunction()

# quern_bundle(RESULT FOLDER name...): the compiler's files of these names are
# copied to FOLDER; RESULT gets their names in the bundle.
set(bundleCopies "")
function(quern_bundle result folder)
  set(names "")
  foreach(name ${ARGN})
    quern_find_files(${name} paths)
    foreach(path ${paths})
      get_filename_component(file ${path} NAME)
      list(APPEND names ${folder}${file})
      list(APPEND bundleCopies COMMAND ${CMAKE_COMMAND} -E copy_if_different ${path}
        ${QUERN_BUNDLE_DIR}/${folder}${file})
    endforeach()
  endforeach()
  set(bundleCopies ${bundleCopies} PARENT_SCOPE)
  set(${result} ${names} PARENT_SCOPE)
endfunction()

get_property(executors GLOBAL PROPERTY QUERN_EXECUTORS)
set(executorArchives "")
foreach(executor ${executors})
  list(APPEND executorArchives ${executor}.a)
  list(APPEND bundleCopies COMMAND ${CMAKE_COMMAND} -E copy_if_different
    $<TARGET_FILE:${executor}> ${QUERN_BUNDLE_DIR}/${executor}.a)
endforeach()
quern_bundle(begin "" crtbeginS.o)
quern_bundle(end "" crtendS.o)
quern_bundle(shared "" libstdc++.a libgcc.a libgcc_eh.a)
quern_bundle(staticBegin "static/" rcrt1.o crti.o)
quern_bundle(staticEnd "static/" crtn.o)
quern_bundle(staticArchives "static/" libm.a libc.a)

set(options -pie -z text --gc-sections -z nostart-stop-gc -O2 --eh-frame-hdr
  --strip-all --build-id=none --threads=1 --entry=quern_start)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
  # Works round an erratum of the Cortex-A53, as the compiler has its own linker do.
  list(APPEND options --fix-cortex-a53-843419)
endif()
function(quern_write_link file)
  list(JOIN ARGN "\n" text)
  file(CONFIGURE OUTPUT ${QUERN_BUNDLE_DIR}/${file} CONTENT "${text}\n" @ONLY)
endfunction()
quern_write_link(static.txt -static ${options} --no-dynamic-linker -T layout.ld
  ${staticBegin} ${begin} runtime.o KERNELS
  --start-group ${executorArchives} ${shared} ${staticArchives} --end-group
  ${end} ${staticEnd})
set(dynamicFiles "")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  include(${quernRuntime}/dynamic/Bundle.cmake)
endif()

quern_find_toolchain_file(libstdc++.a libstdcxx)
get_target_property(textLibraries quern_text INTERFACE_LINK_LIBRARIES)
get_target_property(runtimeLibraries quern_runtime INTERFACE_LINK_LIBRARIES)
set(staticLibraries "")
foreach(library ${textLibraries} ${runtimeLibraries})
  if(library MATCHES "\\.a$")
    list(APPEND staticLibraries ${library})
  elseif(EXISTS "${library}")
    message(FATAL_ERROR "${library}: artifacts need a static library")
  endif()
endforeach()

add_custom_command(OUTPUT ${QUERN_BUNDLE_DIR}/runtime.o
  COMMAND ${QUERN_LD} -r --strip-debug -o ${QUERN_BUNDLE_DIR}/runtime.o
    $<TARGET_OBJECTS:quern_start> $<TARGET_OBJECTS:quern_main>
    $<TARGET_OBJECTS:quern_runtime>
    --start-group $<TARGET_FILE:quern_text> $<TARGET_FILE:quern_commandline>
      ${staticLibraries} ${libstdcxx} --end-group
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${quernRuntime}/layout.ld
    ${QUERN_BUNDLE_DIR}/layout.ld
  ${bundleCopies}
  DEPENDS quern_text quern_commandline $<TARGET_OBJECTS:quern_start>
    $<TARGET_OBJECTS:quern_main> $<TARGET_OBJECTS:quern_runtime> ${executors}
    ${dynamicFiles} ${quernRuntime}/layout.ld
  COMMENT "Linking the bundle for artifacts"
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(quern_bundle ALL DEPENDS ${QUERN_BUNDLE_DIR}/runtime.o)
