# cmake -DFOLDER=… -DFUNCTION=… -DOUTPUT=… -P embed_sql.cmake
# Writes OUTPUT: one C++ function that returns every NNN_name.sql of FOLDER, in order.
file(GLOB scripts ${FOLDER}/*.sql)
list(SORT scripts)
set(rows "")
foreach(script ${scripts})
  get_filename_component(name ${script} NAME)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR number "${number}")
  file(READ ${script} text)
  set(needs ${number})
  if(text MATCHES "(^|\n)-- needs: ([0-9]+)")
    set(needs ${CMAKE_MATCH_2})
  endif()
  string(APPEND rows "      {${number}, ${needs}, \"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"persistence/migration.hpp\"

namespace sequent::persistence {

std::vector<Migration> ${FUNCTION}() {
  return {
${rows}  };
}

}  // namespace sequent::persistence
")
