# Writes libraries without code that programs are linked with to run with any glibc
# from QUERN_GLIBC (2.28) on: of each symbol they have the newest version that was
# there then, in the library in which it was then, and symbols that are newer not
# at all. So the link fails, by name, where a program needs more.
#
#   cmake -DOUTPUT=folder -DLIBC=/lib/.../libc.so.6 -DLIBM= -DLOADER= -DOBJDUMP= -DAS=
#         -DLD= -DQUERN_GLIBC=2.28 -P MakeStubs.cmake
#
# A symbol of data keeps its distance from the others: `environ` and `__environ` are
# one place, and what copies one to a program has to know that.

# Since 2.34 one library has what several had.
set(movedTo_libdl.so.2 "^dl(open|sym|vsym|close|error|addr|addr1|info|mopen)$")
set(movedTo_librt.so.1 "^(timer_|mq_|aio_|lio_|shm_)")
set(movedTo_libpthread.so.0 "^(pthread_|sem_|__pthread_)")

function(home library name newest result)
  set(${result} ${library} PARENT_SCOPE)
  if(library STREQUAL "libc.so.6" AND newest VERSION_GREATER_EQUAL 2.30)
    foreach(other libdl.so.2 librt.so.1 libpthread.so.0)
      if(name MATCHES "${movedTo_${other}}")
        set(${result} ${other} PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endif()
endfunction()

set(stubs "")
foreach(file ${LIBC} ${LIBM} ${LOADER})
  get_filename_component(library ${file} NAME)
  execute_process(COMMAND ${OBJDUMP} -T ${file} OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "" table "${table}")
  string(REPLACE "\n" ";" lines "${table}")
  set(names "")
  foreach(line ${lines})
    # address, flags, section, size, version (in brackets: not the newest), name
    if(NOT line MATCHES "^([0-9a-f]+) ......(.) ([^\t]+)\t([0-9a-f]+) +(\\(?)GLIBC_([0-9.]+)\\)? +([^ ]+)$")
      continue()
    endif()
    set(address ${CMAKE_MATCH_1})
    set(kind ${CMAKE_MATCH_2})
    set(section ${CMAKE_MATCH_3})
    set(size ${CMAKE_MATCH_4})
    set(old "${CMAKE_MATCH_5}")
    set(version ${CMAKE_MATCH_6})
    set(name ${CMAKE_MATCH_7})
    if(section MATCHES "^([*]UND[*]|[.]tbss)$" OR name MATCHES "^GLIBC_")
      continue()
    endif()
    if(NOT old)
      set(newest_${name} ${version})
    endif()
    if(version VERSION_GREATER QUERN_GLIBC OR
       (DEFINED version_${name} AND version VERSION_LESS version_${name}))
      continue()
    endif()
    list(APPEND names ${name})
    set(version_${name} ${version})
    set(address_${name} ${address})
    set(size_${name} ${size})
    set(kind_${name} ${kind})
  endforeach()
  list(REMOVE_DUPLICATES names)
  foreach(name ${names})
    if(NOT DEFINED newest_${name}) # nothing links with it any more
      continue()
    endif()
    home(${library} ${name} ${newest_${name}} stub)
    list(APPEND stubs ${stub})
    if(kind_${name} STREQUAL "O")
      string(APPEND code_${stub} ".globl ${name}\n.type ${name}, @object\n"
        ".set ${name}, data + 0x${address_${name}}\n.size ${name}, 0x${size_${name}}\n")
    else()
      string(APPEND code_${stub} ".globl ${name}\n.type ${name}, @function\n.set ${name}, code\n")
    endif()
    set(node "GLIBC_${version_${name}}")
    list(APPEND nodes_${stub} ${node})
    string(APPEND ${stub}_${node} "    ${name};\n")
    unset(version_${name})
    unset(newest_${name})
  endforeach()
endforeach()

list(REMOVE_DUPLICATES stubs)
file(MAKE_DIRECTORY ${OUTPUT})
foreach(stub ${stubs})
  list(REMOVE_DUPLICATES nodes_${stub})
  set(versions "")
  foreach(node ${nodes_${stub}})
    string(APPEND versions "${node} {\n  global:\n${${stub}_${node}}};\n")
  endforeach()
  file(WRITE ${OUTPUT}/${stub}.versions "${versions}")
  file(WRITE ${OUTPUT}/${stub}.s ".text\ncode: ret\n.bss\ndata: .skip 0x1000000\n"
    "${code_${stub}}.section .note.GNU-stack, \"\", @progbits\n")
  execute_process(COMMAND ${AS} -o ${OUTPUT}/${stub}.o ${OUTPUT}/${stub}.s
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${LD} -shared -soname ${stub} --version-script ${OUTPUT}/${stub}.versions
    -o ${OUTPUT}/${stub} ${OUTPUT}/${stub}.o COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE ${OUTPUT}/${stub}.o ${OUTPUT}/${stub}.s ${OUTPUT}/${stub}.versions)
endforeach()
