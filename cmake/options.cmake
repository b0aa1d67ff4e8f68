# Language, warnings and sanitizers: the same for every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(SEQUENT_SANITIZE "" CACHE STRING "Sanitizers, for instance address,undefined")
option(SEQUENT_WERROR "Treat warnings as errors" ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(SEQUENT_WERROR)
  add_compile_options(-Werror)
endif()
# g++ 12 reports these inside libstdc++ and Boost coroutine frames where nothing is wrong.
add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                    -Wno-stringop-overread -Wno-dangling-pointer -Wno-use-after-free
                    -Wno-free-nonheap-object -Wno-mismatched-new-delete)
if(SEQUENT_SANITIZE)
  add_compile_options(-fsanitize=${SEQUENT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SEQUENT_SANITIZE})
  # A check before every access to memory, a quarter of the compile time: AddressSanitizer stops at a
  # null pointer as well, and amd64 and arm64 read unaligned.
  add_compile_options(-fno-sanitize=null,alignment)
endif()
if(SEQUENT_SANITIZE MATCHES "thread")
  add_compile_options(-Wno-tsan)  # Asio counts references with fences, which g++ 12 warns about
endif()
# Line tables are enough for sanitizers, perf and backtraces; full debug information doubles every object.
# A debugger wants -DSEQUENT_DEBUG_INFO=-g.
set(SEQUENT_DEBUG_INFO -g1 CACHE STRING "Debug information in the objects")
string(REPLACE "-g" "" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
add_compile_options(${SEQUENT_DEBUG_INFO})

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers and ccache agree only with these settings (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_PCH_EXTSUM=1
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

# A clean build takes a third of the time with several files in one translation unit
# (-DCMAKE_UNITY_BUILD=ON, what scripts/test and scripts/quickstart choose for a new folder); a
# developer who changes one file at a time is better off without.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
  add_compile_options(-Wno-subobject-linkage)  # every file of a batch counts as a header there
endif()
