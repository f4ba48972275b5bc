# Writes OUTPUT, a source file that says what this build is, if that changed.
# The commit is asked for only where SOURCE itself is the root of a git tree.

set(commit unknown)
set(date "")
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} log -1 "--format=%h %cs" --abbrev=12
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE failed)
  if(NOT failed AND found MATCHES "^([0-9a-f]+) ([0-9-]+)$")
    set(commit ${CMAKE_MATCH_1})
    set(date ${CMAKE_MATCH_2})
    execute_process(COMMAND ${GIT} -C ${SOURCE} --no-optional-locks
        status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      string(APPEND commit -dirty)
    endif()
  endif()
endif()

file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#include "cli/Program.h"

namespace quern::cli {
const BuildIdentity buildIdentity = {"@VERSION@", "@commit@", "@date@",
                                     "@BUILD@"};
}
]])
