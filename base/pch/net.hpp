#pragma once
// Precompiled: core plus Asio and Beast, for the folders that talk to sockets.
#include "core.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
