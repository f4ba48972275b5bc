# The bundle: all that lld needs to link an artifact on a machine without a
# toolchain.
#
#   runtime.o      the runtime, and those members of libstdc++ and the other
#                  libraries that it refers to; sections kept apart
#   *crt*.o        start files of a static-PIE
#   *.a            the C library, mathematics, and the compiler's own
#   layout.ld      what is where in an artifact
#   archives.txt   names of the *.a, in the order in which to link them, as one
#                  group
#
# To link:  ld.lld -static -pie --no-dynamic-linker -z text --gc-sections
#             --eh-frame-hdr -e quern_start -T layout.ld -o model rcrt1.o crti.o crtbeginS.o runtime.o
#             KERNELS.o --start-group ARCHIVES --end-group crtendS.o crtn.o

set(QUERN_BUNDLE_DIR ${CMAKE_BINARY_DIR}/lib/quern/bundle)
set(QUERN_BUNDLE_DIR ${QUERN_BUNDLE_DIR} PARENT_SCOPE)

function(quern_find_toolchain_file name result)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name}
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${path}" OR NOT EXISTS "${path}")
    message(FATAL_ERROR "the compiler has no ${name}")
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

# An archive, or those that it names if it is a linker script (glibc's libm.a).
function(quern_find_archives name result)
  quern_find_toolchain_file(${name} path)
  set(paths ${path})
  file(READ ${path} start LIMIT 7 HEX)
  if(NOT start STREQUAL 213c617263683e) # "!<arch>"
    file(READ ${path} script)
    string(REGEX MATCH "GROUP *\\(([^)]*)\\)" group "${script}")
    string(REGEX MATCHALL "[^ ]+\\.a" paths "${CMAKE_MATCH_1}")
  endif()
  set(${result} ${paths} PARENT_SCOPE)
endfunction()

set(bundleFiles "")
foreach(name rcrt1.o crti.o crtn.o crtbeginS.o crtendS.o)
  quern_find_toolchain_file(${name} path)
  list(APPEND bundleFiles ${path})
endforeach()
set(archives "")
foreach(name libgcc.a libgcc_eh.a libm.a libc.a)
  quern_find_archives(${name} paths)
  list(APPEND archives ${paths})
endforeach()
list(APPEND bundleFiles ${archives} ${CMAKE_CURRENT_LIST_DIR}/layout.ld)
set(names "")
foreach(path ${archives})
  get_filename_component(name ${path} NAME)
  string(APPEND names "${name}\n")
endforeach()
file(CONFIGURE OUTPUT ${QUERN_BUNDLE_DIR}/archives.txt CONTENT "${names}" @ONLY)

quern_find_toolchain_file(libstdc++.a libstdcxx)
get_target_property(textLibraries quern_text INTERFACE_LINK_LIBRARIES)
set(staticLibraries "")
foreach(library ${textLibraries} ${editLibraries})
  if(library MATCHES "\\.a$")
    list(APPEND staticLibraries ${library})
  elseif(EXISTS "${library}")
    message(FATAL_ERROR "${library}: artifacts need a static library")
  endif()
endforeach()

find_program(QUERN_LD NAMES ld.bfd ld REQUIRED)
add_custom_command(OUTPUT ${QUERN_BUNDLE_DIR}/runtime.o
  COMMAND ${QUERN_LD} -r --strip-debug -o ${QUERN_BUNDLE_DIR}/runtime.o
    $<TARGET_OBJECTS:quern_start> $<TARGET_OBJECTS:quern_main>
    $<TARGET_OBJECTS:quern_runtime>
    --start-group $<TARGET_FILE:quern_text> $<TARGET_FILE:quern_commandline>
      ${staticLibraries} ${libstdcxx} --end-group
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${bundleFiles} ${QUERN_BUNDLE_DIR}
  DEPENDS quern_text quern_commandline $<TARGET_OBJECTS:quern_start>
    $<TARGET_OBJECTS:quern_main> $<TARGET_OBJECTS:quern_runtime>
    ${CMAKE_CURRENT_LIST_DIR}/layout.ld
  COMMENT "Linking the bundle for artifacts"
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(quern_bundle ALL DEPENDS ${QUERN_BUNDLE_DIR}/runtime.o)
