classdef io
  % Image files and mean files.

  methods (Static)
    function im_data = load_image(im_file)
      % im_data = load_image(im_file)
      %   An image as nets take it: single, width x height x channels, with channels blue, green and red; a grey image
      %   has one.
      caffe.internal.must(ischar(im_file), 'im_file must be a string');
      im_data = imread(im_file);
      if size(im_data, 3) == 3
        im_data = im_data(:, :, [3, 2, 1]);
      end
      im_data = single(permute(im_data, [2, 1, 3]));
    end

    function mean_data = read_mean(mean_proto_file)
      % mean_data = read_mean(mean_proto_file)
      %   The mean image of a .binaryproto: single, width x height x channels, with channels as in the file.
      caffe.internal.must(ischar(mean_proto_file), 'mean_proto_file must be a string');
      engine = caffe.internal.current_engine();
      [answer, values] = engine.ask(struct('op', 'io.readMean', 'file', mean_proto_file));
      mean_data = caffe.internal.shaped(values, answer.shape);
    end

    function write_mean(mean_data, mean_proto_file)
      % write_mean(mean_data, mean_proto_file)
      %   Writes a mean image, width x height x channels, as a .binaryproto.
      caffe.internal.must(ischar(mean_proto_file), 'mean_proto_file must be a string');
      caffe.internal.must(isa(mean_data, 'single') && ndims(mean_data) <= 3, ...
        'mean_data must be single, width x height x channels');
      shape = num2cell([size(mean_data, 3), size(mean_data, 2), size(mean_data, 1)]);
      engine = caffe.internal.current_engine();
      engine.ask(struct('op', 'io.writeMean', 'file', mean_proto_file, 'shape', {shape}), mean_data(:));
    end
  end
end
