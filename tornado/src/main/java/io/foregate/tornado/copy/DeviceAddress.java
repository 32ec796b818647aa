package io.foregate.tornado.copy;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Where the elements of an array lie on a device.
 *
 * @param device TornadoVM's
 * @param plan id of the execution plan that told
 * @param first on CUDA and PTX, the device pointer of the first element; on OpenCL, the handle of
 *     the buffer plus the bytes of TornadoVM's array header
 */
record DeviceAddress(TornadoDevice device, long plan, long first) {}
