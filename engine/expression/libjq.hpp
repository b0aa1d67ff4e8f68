#pragma once
// libjq 1.6 for C++: its headers know nothing of it.
extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <jv.h>
// jq.h needs jv.h first
#include <jq.h>
#pragma GCC diagnostic pop
}
