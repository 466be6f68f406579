namespace Mesh.Storage;

/// <summary>One record to write, or to remove when there is no payload, provided that its ETag is still the one expected.</summary>
internal sealed class Write(string grain, string state, long? expectedEtag, byte[]? payload)
{
    internal string Grain { get; } = grain;

    internal string State { get; } = state;

    /// <summary>Null: the record must not exist.</summary>
    internal long? ExpectedEtag { get; } = expectedEtag;

    internal byte[]? Payload { get; } = payload;

    /// <summary>Completes once it is on the disk, with the record's new ETag; null when it was removed.</summary>
    internal TaskCompletionSource<long?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
