namespace Mesh.Storage;

/// <summary>How the last write to the store went.</summary>
/// <param name="Failure">Why it failed, in an operator's words; null when it did not.</param>
/// <param name="Since">Since when writes have been failing, or working.</param>
public sealed record StorageFinding(string? Failure, DateTimeOffset Since);
