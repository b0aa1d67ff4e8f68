#pragma once
// Precompiled: net plus Catch2, for the tests of the folders that use net.
#include "net.hpp"

#include <catch2/catch.hpp>
