using System.Buffers;

namespace Mesh.Proxy.Forwarding;

/// <summary>
/// A request's body that can be read again from its beginning as long as no more than a bounded part of it was read. What was read is
/// kept while it streams through, so a first try waits for nothing; the next one gets the kept part and then the rest.
///
/// Rejected: reading the whole body before the first try, which would hold up every upload and break calls that stream both ways.
/// </summary>
public sealed class ReplayStream(Stream inner, int limit) : Stream
{
    private byte[] _kept = [];
    private int _length;
    private int _position;

    /// <summary>Whether all that was read is still there.</summary>
    public bool CanReplay { get; private set; } = true;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Starts over.</summary>
    /// <exception cref="InvalidOperationException">More was read than is kept.</exception>
    public void Rewind() => _position = CanReplay ? 0 : throw new InvalidOperationException("The body was longer than what is kept of it.");

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position < _length)
        {
            var again = Math.Min(buffer.Length, _length - _position);
            _kept.AsSpan(_position, again).CopyTo(buffer.Span);
            _position += again;
            return again;
        }

        var read = await inner.ReadAsync(buffer, cancellationToken);
        if (CanReplay)
        {
            Keep(buffer.Span[..read]);
        }

        return read;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Drop();
        base.Dispose(disposing);
    }

    private void Keep(ReadOnlySpan<byte> data)
    {
        if (_length + data.Length > limit)
        {
            Drop();
            return;
        }

        if (_length + data.Length > _kept.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + data.Length, Math.Min(limit, _kept.Length * 2)));
            _kept.AsSpan(0, _length).CopyTo(larger);
            Return();
            _kept = larger;
        }

        data.CopyTo(_kept.AsSpan(_length));
        _length += data.Length;
        _position = _length;
    }

    private void Drop()
    {
        CanReplay = false;
        Return();
        (_kept, _length, _position) = ([], 0, 0);
    }

    private void Return()
    {
        if (_kept.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_kept);
        }
    }
}
