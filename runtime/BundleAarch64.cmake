# The bundle for ARM: a build of its own of the same sources, by a cross compiler.

if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
  return() # it is the main one
endif()
set(folder ${CMAKE_BINARY_DIR}/lib/quern/bundle/aarch64)
if(NOT QUERN_SYSROOT_AARCH64)
  file(REMOVE_RECURSE ${folder}) # of an earlier configuration
  message(STATUS "no QUERN_SYSROOT_AARCH64: no artifacts for ARM")
  return()
endif()
get_filename_component(sysroot ${QUERN_SYSROOT_AARCH64} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
if(NOT IS_DIRECTORY ${sysroot}/usr/include)
  message(FATAL_ERROR "QUERN_SYSROOT_AARCH64: ${sysroot} holds no libraries; "
    "tools/make-sysroot aarch64 makes such a folder")
endif()
find_program(QUERN_AARCH64_CXX aarch64-linux-gnu-g++)
if(NOT QUERN_AARCH64_CXX)
  message(FATAL_ERROR "no aarch64-linux-gnu-g++, which compiles for ARM; "
    "tools/install-deps installs it")
endif()

include(ExternalProject)
ExternalProject_Add(quern_bundle_aarch64
  PREFIX ${CMAKE_BINARY_DIR}/aarch64
  SOURCE_DIR ${PROJECT_SOURCE_DIR}
  BINARY_DIR ${CMAKE_BINARY_DIR}/aarch64/build
  CMAKE_ARGS -DCMAKE_TOOLCHAIN_FILE=${CMAKE_CURRENT_LIST_DIR}/Aarch64.cmake
    -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DQUERN_SYSROOT_AARCH64=${sysroot}
    -DQUERN_BUNDLE_ONLY=ON -DQUERN_BUNDLE_DIR=${folder}
    -DLLVM_PACKAGE_VERSION=${LLVM_PACKAGE_VERSION}
  BUILD_ALWAYS ON # it knows itself what has changed
  BUILD_BYPRODUCTS ${folder}/runtime.o
  INSTALL_COMMAND "")
