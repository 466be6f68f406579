using Orleans.Runtime;

namespace Mesh.Grains.Persistence;

/// <summary>A row was written by a newer program, in a format that this one would misread. It is left as it is.</summary>
public sealed class RowFormatException(string row, int format, int known) : OrleansException(
    $"A {row} on disk has format {format}, and this program knows formats up to {known}. It is left untouched: run the newer program that wrote it, or restore a backup from before the upgrade.");
