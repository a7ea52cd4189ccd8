classdef Blob < handle
  % An n-dimensional array of data and, beside it, of derivatives diff.
  %
  % Arrays have the axes of the blob in the opposite order: N x C x H x W is width x height x channels x num here, so
  % that elements lie in memory as they do there. A blob of one axis is a column, one without axes a scalar.

  properties (Access = private)
    held
    number
  end

  methods
    function self = Blob(held, number)
      self.held = held;
      self.number = number;
    end

    function shape = shape(self)
      % shape = blob.shape()
      %   The size of each axis, width first: a row.
      shape = caffe.internal.dims(self.ask('blob.shape', struct()));
    end

    function reshape(self, shape)
      % blob.reshape(shape)
      %   Another size of each axis, width first. What is larger than before is zeros.
      caffe.internal.must(isempty(shape) || (isnumeric(shape) && isrow(shape)), ...
        'shape must be a row of whole numbers');
      self.ask('blob.reshape', struct('shape', {num2cell(caffe.internal.dims(shape))}));
    end

    function data = get_data(self)
      % data = blob.get_data()
      %   Its data, as a single array.
      data = self.read('data');
    end

    function set_data(self, data)
      % blob.set_data(data)
      %   Sets its data from a numeric array of its shape.
      self.write('data', data);
    end

    function diff = get_diff(self)
      % diff = blob.get_diff()
      %   Its derivatives, as a single array.
      diff = self.read('diff');
    end

    function set_diff(self, diff)
      % blob.set_diff(diff)
      %   Sets its derivatives from a numeric array of its shape.
      self.write('diff', diff);
    end
  end

  methods (Access = private)
    function [answer, values] = ask(self, op, fields, varargin)
      fields.op = op;
      fields.blob = self.number;
      [answer, values] = self.held.ask(fields, varargin{:});
    end

    function data = read(self, side)
      [answer, values] = self.ask('blob.read', struct('side', side));
      data = caffe.internal.shaped(values, answer.shape);
    end

    function write(self, side, data)
      caffe.internal.must(isnumeric(data), 'data or diff must be numeric');
      shape = self.shape();
      % An array has two axes at least, and none of size 1 behind them.
      wanted = [shape, ones(1, 2 - numel(shape))];
      given = [size(data), ones(1, numel(wanted) - ndims(data))];
      caffe.internal.must(isequal(given, wanted), ...
        'input data/diff size [%s] does not match the blob''s shape [%s]', num2str(given), num2str(shape));
      self.ask('blob.write', struct('side', side), single(data(:)));
    end
  end
end
