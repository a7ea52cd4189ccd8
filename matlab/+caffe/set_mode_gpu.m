function set_mode_gpu()
% set_mode_gpu()
%   Nets and solvers that are made from now on compute on a GPU, the one of set_device.

caffe.internal.current_engine('set', struct('op', 'setMode', 'mode', 'gpu'));

end
