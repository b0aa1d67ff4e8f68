#pragma once
// Precompiled: core plus Catch2, for the tests of the folders that use core.
#include "core.hpp"

#include <catch2/catch.hpp>
