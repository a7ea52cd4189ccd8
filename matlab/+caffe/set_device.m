function set_device(device_id)
% set_device(device_id)
%   Which GPU set_mode_gpu means; the first one is 0.

caffe.internal.must(isscalar(device_id) && device_id >= 0, 'device_id must be a whole number, 0 or more');
caffe.internal.current_engine('set', struct('op', 'setDevice', 'device', double(device_id)));

end
