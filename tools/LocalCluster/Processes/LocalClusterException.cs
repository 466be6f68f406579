namespace Mesh.Local.Processes;

/// <summary>A process, a store or a cluster cannot go on; the message is for the person in front of it, and says what would help.</summary>
public sealed class LocalClusterException(string message) : Exception(message);
