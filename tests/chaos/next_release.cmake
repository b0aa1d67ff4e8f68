# sequent_next_release(name script.sql...)
# Sequent with a migration more for each script, numbered after those that there are: what the next
# release will be to this one. In a script @KNOWN@ is the last migration of this release, @NEXT@ the
# first that it does not know.
#
# The executable brings postgres_migrations() itself, so that the linker leaves out the library's.
function(sequent_next_release name)
  set(migrations ${CMAKE_SOURCE_DIR}/persistence/migrations/postgres)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}_migrations)
  file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${migrations} ${migrations}/*.sql)
  list(SORT scripts)
  file(REMOVE_RECURSE ${folder})
  foreach(script ${scripts})
    configure_file(${migrations}/${script} ${folder}/${script} COPYONLY)
  endforeach()
  list(GET scripts -1 last)
  string(REGEX MATCH "^[0-9]+" last ${last})
  math(EXPR KNOWN "${last}")
  set(number ${KNOWN})
  math(EXPR NEXT "${KNOWN} + 1")
  foreach(script ${ARGN})
    math(EXPR number "${number} + 1")
    string(LENGTH ${number} digits)
    math(EXPR zeros "3 - ${digits}")
    string(REPEAT 0 ${zeros} padding)
    configure_file(${script} ${folder}/${padding}${number}_${script} @ONLY)
  endforeach()

  set(cpp ${CMAKE_CURRENT_BINARY_DIR}/${name}_migrations.cpp)
  file(GLOB copies ${folder}/*.sql)
  add_custom_command(
    OUTPUT ${cpp}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DFUNCTION=postgres_migrations -DOUTPUT=${cpp}
            -P ${CMAKE_SOURCE_DIR}/persistence/embed_sql.cmake
    DEPENDS ${copies} ${CMAKE_SOURCE_DIR}/persistence/embed_sql.cmake)
  get_target_property(libraries sequent LINK_LIBRARIES)
  sequent_executable(${name} SOURCES ${cpp} $<TARGET_OBJECTS:sequent> LINK ${libraries})
endfunction()
