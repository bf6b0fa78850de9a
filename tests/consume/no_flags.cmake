# SPDX-License-Identifier: BSL-1.0
# Users get an include folder and C++20 from us, and nothing else.
foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS LINK_LIBRARIES SOURCES PRECOMPILE_HEADERS)
    get_target_property(value afterwrite::afterwrite INTERFACE_${property})
    if(value)
        message(FATAL_ERROR "afterwrite::afterwrite brings ${property}: ${value}")
    endif()
endforeach()
get_target_property(value afterwrite::afterwrite INTERFACE_COMPILE_FEATURES)
if(NOT value STREQUAL "cxx_std_20")
    message(FATAL_ERROR "afterwrite::afterwrite wants ${value}, not cxx_std_20.")
endif()
